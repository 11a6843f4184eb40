"""From the first infusion on: fractions or climbs, the DLT window, visits, relapse, transplant, death.

A subject keeps an agenda: for each infusion day what is to happen then. Doing one thing may put others on
the agenda (an infusion brings its days of watching), so that no day has to be known beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import date, timedelta

from protocyte.conduct import Answer, Done, Role
from protocyte.conduct.dosing_checks import climb_of, planned_dose
from protocyte.conduct.product_checks import released_lots
from protocyte.simulate import assessments as write
from protocyte.simulate.latent import VISIT_MISSED, Latent, Toxicity, draw_toxicity
from protocyte.simulate.process import Fields, Process, Step
from protocyte.simulate.site import Site
from protocyte.study.parts import days_of

Doing = Generator[Step, Answer | None, None]

# Common events of such trials: term, system organ class, usual grade, chance, and what they are put down to.
_EVENTS: tuple[tuple[str, str, int, float, str], ...] = (
    ("Neutrophil count decreased", "Investigations", 4, 0.9, "lymphodepletion"),
    ("Platelet count decreased", "Investigations", 3, 0.7, "lymphodepletion"),
    ("Anemia", "Blood and lymphatic system disorders", 3, 0.6, "lymphodepletion"),
    ("Lung infection", "Infections and infestations", 3, 0.2, "other"),
    ("Hypotension", "Vascular disorders", 2, 0.2, "product"),
    ("Headache", "Nervous system disorders", 1, 0.25, "product"),
    ("Nausea", "Gastrointestinal disorders", 1, 0.35, "lymphodepletion"),
    ("Alanine aminotransferase increased", "Investigations", 2, 0.25, "product"),
    ("Fatigue", "General disorders and administration site conditions", 1, 0.4, "product"),
)
_SLIPS = 0.02  # chance of a small departure from the protocol at a visit
_WATCHED = 15  # days of daily CRS and ICANS assessment after an infusion


def follow(site: Site, subject: str, latent: Latent, day0: date) -> Process:
    """Everything from day 0 to death or the end of follow-up."""
    person = _Person(site, subject, latent, day0)
    person.plan(0, person.infuse(1, 1))
    while person.agenda:
        number = min(person.agenda)
        if number > person.last:
            break
        todo = person.agenda.pop(number)
        person.number = number
        yield Step(person.day(number))  # nothing is looked at before its day
        for action in todo:
            yield from action()
            if person.over:
                return
    yield from person.finish()


class _Person:
    """One subject after the first infusion. Methods named by a verb return what to do on a day."""

    def __init__(self, site: Site, subject: str, latent: Latent, day0: date) -> None:
        self.site, self.subject, self.latent, self.day0 = site, subject, latent, day0
        self.agenda: dict[int, list[Callable[[], Doing]]] = {}
        self.toxicities: list[tuple[int, Toxicity]] = []
        self.over = False
        self.number = 0  # the infusion day it is
        dies = latent.death
        self.last = site.follow_for if dies is None else min(dies, site.follow_for)

    def plan(self, number: int, action: Callable[[], Doing]) -> None:
        self.agenda.setdefault(number, []).append(action)

    def day(self, number: int) -> date:
        return self.day0 + timedelta(days=number)

    def step(self, number: int, command: str, fields: Fields, role: Role = "coordinator") -> Step:
        on = {"on": write.iso(self.day(number))}
        return Step(self.day(number), command, {"subject": self.subject, **on, **fields}, role)

    def undated(self, number: int, command: str, fields: Fields, role: Role = "coordinator") -> Step:
        return Step(self.day(number), command, {"subject": self.subject, **fields}, role)

    def once(self, number: int, command: str, fields: Fields) -> Callable[[], Doing]:
        def act() -> Doing:
            yield self.step(number, command, fields)

        return act

    # -- infusions ---------------------------------------------------------------------------------

    def infuse(self, level: int, fraction: int) -> Callable[[], Doing]:
        """An infusion, then what it brings; refused, the first one ends the course and a later one itself."""

        def act() -> Doing:
            course = self.site.desk.trial.course(self.subject)
            climbing = climb_of(self.site.study, course) is not None
            at = level if climbing else course.assigned_level or 1
            first = course.infused_on is None
            number = self.number
            if climbing and not first:
                yield from self._examine(number)
            answer = yield self.step(number, "infusion", self._infusion(at, fraction, number), "investigator")
            if isinstance(answer, Done):
                self._after_infusion(at, fraction, number, climbing)
            elif first:
                fields: Fields = {"of": "treatment", "reason": "investigator_decision"}
                yield self.step(0, "discontinuation", fields)
                yield from without_product(self.site, self.subject, self.day(0))
                self.over = True
            elif not climbing:
                reason = "toxicity" if self._toxic(number) else "other"
                yield self.step(
                    number, "fraction_withheld", {"fraction": fraction, "reason": reason}, "investigator"
                )

        return act

    def _examine(self, number: int) -> Doing:
        """What the infusion gate asks before a climbing subject's next dose."""
        fit = write.fitness(self.latent, self.site.rng)
        yield self.step(number, "examination", {"results": fit})
        yield self.step(number, "ae_log_review", {}, "investigator")
        yield self.step(number, "open_gate", {"gate": "infusion"}, "investigator")

    def _after_infusion(self, level: int, fraction: int, number: int, climbing: bool) -> None:
        dosing = self.site.study.dosing
        if fraction == 1:
            toxicity = draw_toxicity(level, self.site.rng)
            self.toxicities.append((number, toxicity))
            for offset in range(1, _WATCHED):
                self.plan(number + offset, self.watch(number + offset))
            self._plan_events(number, toxicity)
        if fraction < len(dosing.fractions):
            following = dosing.fractions[fraction].day
            self.plan(following, self.watch(following))
            self.plan(following, self.infuse(level, fraction + 1))
        if climbing and dosing.climb is not None and level < len(self.site.study.ladder):
            self.plan(number + days_of(dosing.climb.after), self.infuse(level + 1, 1))
        if number == 0 and fraction == 1:
            self._plan_visits()

    def _infusion(self, level: int, fraction: int, number: int) -> Fields:
        """As the protocol plans it, from the lot released for the subject."""
        study, on = self.site.study, self.day(number)
        planned = planned_dose(study, level, fraction)
        course = self.site.desk.trial.course(self.subject)
        lots = released_lots(course, on)
        lot, release = next(iter(lots.items()), ("none", None))
        made = float(release.dose.to(planned.unit).value) if release else float(planned.value)
        if study.dosing.scheme != "single":  # aliquots: a fraction's share, or one rung of the ladder
            top = len(study.ladder) if climb_of(study, course) is not None else level
            made *= float(planned.value / study.dose_of(top).value)
        infused = min(float(planned.value) * self.site.rng.uniform(0.94, 1.04), made)
        return {
            "dose_level": level,
            "fraction": fraction,
            "lot": lot,
            "planned": str(planned),
            "manufactured": f"{made:.4g} {planned.unit}",
            "infused": f"{infused * 0.999:.4g} {planned.unit}",
            "weight": f"{self.latent.weight} kg",
            "weight_on": write.iso(on - timedelta(days=1)),
        }

    def _toxic(self, number: int) -> bool:
        return any(tox.crs >= 2 and start <= number for start, tox in self.toxicities)

    # -- watching and visits -----------------------------------------------------------------------

    def watch(self, number: int) -> Callable[[], Doing]:
        def act() -> Doing:
            start, toxicity = self.toxicities[-1]
            yield self.step(number, "crs_assessment", write.crs_form(toxicity, number - start))
            yield self.step(number, "icans_assessment", write.icans_form(toxicity, number - start))

        return act

    def _plan_visits(self) -> None:
        for name, visit in self.site.study.schedule.items():
            if visit.anchor == "infusion" and 0 < visit.day <= self.last:
                self.plan(visit.day, self.visit(name, visit.day, visit.needs))
        for assay in self.site.study.kinetics.values():
            for number in assay.days:
                if 0 < number <= self.last and assay.role != "immunogenicity":
                    self.plan(number, self.sample(assay.analyte, number))
        self.plan(1, self._life())
        for month in range(1, self.site.follow_for // 61 + 1):
            self.plan(month * 61, self.once(month * 61, "contact", {"source": "telephone"}))

    def sample(self, analyte: str, number: int) -> Callable[[], Doing]:
        def act() -> Doing:
            for assay in self.site.study.kinetics.values():
                if assay.analyte == analyte and number in assay.days:
                    fields: Fields = {"analyte": analyte, "matrix": assay.matrix, "assay": assay.assay}
                    fields |= {"value": write.kinetics(assay, self.latent, number, self.site.rng)}
                    fields |= {"lloq": str(assay.lloq)} | ({"lod": str(assay.lod)} if assay.lod else {})
                    yield self.step(number, "kinetics_sample", fields)

        return act if self._first_sample(analyte, number) else _nothing

    def _first_sample(self, analyte: str, number: int) -> bool:
        """One visit to the laboratory a day and analyte: it draws for every assay of it."""
        key = f"{self.subject} {analyte} {number}"
        return self.site.once(key)

    def visit(self, name: str, number: int, needs: tuple[str, ...]) -> Callable[[], Doing]:
        def act() -> Doing:
            rng = self.site.rng
            if number > 1 and (
                rng.random() < VISIT_MISSED or (number > 14 and self.site.once("missed visit"))
            ):
                yield self.step(number, "missed_visit", {"visit": name, "reason": "could not travel"})
                yield self._deviation(number, "missed_visit", "a visit was not done")
                return
            if "labs" in needs:
                results = write.counts(self.latent, number, rng)
                if number >= 28:
                    results.append(write.immunoglobulin(self.site.study, number, self.site.side))
                if number <= 28:
                    start, toxicity = self.toxicities[-1]
                    results += write.inflammation(toxicity, number - start, self.site.side)
                drawn = yield self.step(number, "labs", {"visit": name, "results": results})
                if number > 7 and self.site.once("amended lab"):
                    yield from self._amend_labs(drawn, number, results)
            if "marrow" in needs:
                yield self.step(number, "marrow", {"visit": name} | write.marrow(self.latent, number, rng))
            if "extramedullary" in needs:
                yield self.step(number, "extramedullary", {"visit": name, "present": False})
            if "marrow" in needs and not write.relapsed(self.latent, number):
                primary = self.site.study.response.primary[self.latent.disease]
                call = write.called(self.latent, primary, self.site.side)
                yield self.step(number, "response_call", {"visit": name, "response": call}, "investigator")
            if number > 14 and self.site.once("major deviation"):
                what = "signed on a superseded form; done anew"
                yield self._deviation(number, "consent", what, "major")
            elif self.site.side.random() < _SLIPS:
                yield self._deviation(number, "procedure", "vital signs taken after the blood draw")
            if "gvhd_assessment" in needs:
                organs: Fields = {
                    "skin": 0,
                    "liver": 0,
                    "upper_gi": 0,
                    "lower_gi": 0,
                    "investigator_grade": 0,
                }
                yield self.step(number, "gvhd_assessment", organs)
            if "anti_drug_antibody" in needs:
                found = write.antibody(bool(rng.random() < 0.1), self.site.side)
                yield self.step(number, "anti_drug_antibody", {"visit": name} | found)
            if number >= _WATCHED:
                yield from self.watch(number)() if number <= 42 else _nothing()
                yield self.step(number, "ae_log_review", {}, "investigator")

        return act

    def _deviation(self, number: int, category: str, what: str, importance: str = "minor") -> Step:
        fields = {"category": category, "importance": importance, "description": what}
        return self.step(number, "deviation", fields)

    def _amend_labs(self, drawn: Answer | None, number: int, results: list[Fields]) -> Doing:
        """A transcription slip put right, after a monitor asked."""
        assert isinstance(drawn, Done)
        record = drawn.record_ids[0]
        asked: Fields = {
            "about": record,
            "subject": self.subject,
            "question": "Is the platelet count right?",
        }
        question = yield Step(
            self.day(number), "query", {"on": write.iso(self.day(number)), **asked}, "monitor"
        )
        changed = [r | ({"value": "31 10^9/L"} if r["test"] == "platelets" else {}) for r in results]
        reason = "platelet count transcribed from the wrong line"
        yield Step(self.day(number), "amend", {"record_id": record, "results": changed, "reason": reason})
        assert isinstance(question, Done)
        answer: Fields = {"query": question.record_ids[0], "answer": "Corrected against the source."}
        yield Step(self.day(number), "query_answer", {"on": write.iso(self.day(number)), **answer})

    # -- adverse events ----------------------------------------------------------------------------

    def _plan_events(self, number: int, toxicity: Toxicity) -> None:
        rng, study = self.site.rng, self.site.study
        if toxicity.crs:
            self._plan_care(number, toxicity)
        for term, category, usual, chance, cause in _EVENTS:
            if rng.random() >= chance:
                continue
            onset = number + int(rng.integers(0, 10))
            grade = max(1, min(4, usual + int(rng.integers(-1, 2))))
            if cause == "product":
                grade = min(grade, 2)
            ends = onset + int(rng.integers(3, 21))
            if onset > self.last:
                continue
            fields = self._event(term, category, study.scales.ae, onset, grade, ends, cause)
            self.plan(min(ends, self.last), self._late(ends, fields))

    def _event(
        self, term: str, category: str, scale: str, onset: int, grade: int, ends: int, cause: str
    ) -> Fields:
        attribution: Fields = {"product": "possible" if cause == "product" else "unrelated"}
        if cause == "lymphodepletion":
            attribution["lymphodepletion"] = "probable"
        return {
            "term": term,
            "category": category,
            "scale": scale,
            "course": [{"on": write.iso(self.day(onset)), "grade": grade}],
            "ended": write.iso(self.day(ends)),
            "outcome": "recovered",
            "attribution": attribution,
            "serious": ["hospitalisation"] if grade >= 3 and cause == "other" else [],
        }

    def _late(self, ends: int, fields: Fields) -> Callable[[], Doing]:
        """Written when it is over; if the subject's time ends first, it is still going on."""

        def act() -> Doing:
            if ends > self.last:
                still = {name: value for name, value in fields.items() if name != "ended"}
                yield self.undated(self.last, "adverse_event", still | {"outcome": "not_recovered"})
            else:
                yield self.undated(ends, "adverse_event", fields)

        return act

    def _plan_care(self, number: int, toxicity: Toxicity) -> None:
        """CRS as an event of special interest on its own scale, with what was given for it."""
        first, last = (number + day for day in toxicity.crs_days)
        top = first + 1 if toxicity.crs > 1 else first
        course = [{"on": write.iso(self.day(first)), "grade": max(toxicity.crs - 1, 1)}]
        if top > first:
            course.append({"on": write.iso(self.day(top)), "grade": toxicity.crs})
        fields: Fields = {
            "term": "Cytokine release syndrome",
            "category": "Immune system disorders",
            "scale": "astct-crs",
            "course": course,
            "ended": write.iso(self.day(last)),
            "outcome": "recovered",
            "attribution": {"product": "related"},
            "serious": ["hospitalisation"] if toxicity.crs >= 3 else [],
            "special_interest": "crs",
        }
        self.plan(min(last, self.last), self._late(last, fields))
        if toxicity.crs >= 2:
            day = write.iso(self.day(top))
            drug: Fields = {"medicine": "tocilizumab", "kind": "anticytokine", "given_for": "crs"}
            drug |= {"started": day, "ended": day, "dose": "8 mg/kg"}
            self.plan(min(top, self.last), lambda: _one(self.undated(top, "medication", drug)))
        if toxicity.crs >= 3 or toxicity.icans >= 2:
            begun: Fields = {
                "medicine": "dexamethasone",
                "kind": "corticosteroid",
                "given_for": "crs",
                "started": write.iso(self.day(top)),
            }
            self.plan(min(top, self.last), lambda: _one(self.undated(top, "medication", begun)))

    # -- later life --------------------------------------------------------------------------------

    def _life(self) -> Callable[[], Doing]:
        """Put relapse, transplant and death on the agenda; asked once, on day 1."""
        latent = self.latent

        def act() -> Doing:
            if latent.response_lost is not None and latent.response != "NR":
                antigen = "negative" if self.site.rng.random() < 0.3 else "positive"
                # Who was never in remission cannot relapse: his leukemia progresses.
                primary = self.site.study.response.primary[latent.disease]
                remitted = write.category_of(latent, primary) in self.site.study.response.remissions
                fields: Fields = {"kind": "hematologic" if remitted else "progression", "antigen": antigen}
                if latent.response_lost < self.last:
                    self.plan(latent.response_lost, self.once(latent.response_lost, "relapse", fields))
                    later = latent.response_lost + 12
                    therapy: Fields = {"therapy": "azacitidine and venetoclax", "kind": "anti_leukemic"}
                    self.plan(later, self.once(later, "new_therapy", therapy))
            transplant = latent.transplant
            if transplant is not None and (latent.response_lost is None or latent.response_lost > transplant):
                start, on = self.day(transplant), self.day(transplant + 7)
                graft: Fields = {
                    "conditioning": write.iso(start),
                    "on": write.iso(on),
                    "donor": "haploidentical",
                }
                if transplant + 7 < self.last:
                    self.plan(transplant + 7, lambda: _one(self.undated(transplant + 7, "transplant", graft)))
            yield from _nothing()

        return act

    def finish(self) -> Doing:
        """Death, or the last contact; then the subject leaves the study."""
        if self.latent.death is not None and self.latent.death <= self.site.follow_for:
            relapsed = self.latent.response == "NR" or write.relapsed(self.latent, self.last)
            yield self.step(self.last, "death", {"cause": "disease" if relapsed else "infection"})
            reason = "death"
        else:
            yield self.step(self.last, "contact", {"source": "visit"})
            reason = "completed"
        yield self.step(self.last, "ae_log_review", {}, "investigator")
        yield self.step(self.last, "discontinuation", {"of": "study", "reason": reason})


def without_product(site: Site, subject: str, left: date) -> Doing:
    """Who was enrolled and not infused is asked after too: overall survival from enrolment counts him."""

    def step(number: int, command: str, fields: Fields) -> Step:
        on = left + timedelta(days=number)
        return Step(on, command, {"subject": subject, "on": write.iso(on), **fields})

    lives = int(30 + site.side.exponential(240))  # days; there was no product against the disease
    last = min(lives, site.follow_for)
    for number in range(61, last, 61):
        yield step(number, "contact", {"source": "telephone"})
    dead = lives <= site.follow_for
    yield (
        step(last, "death", {"cause": "disease"}) if dead else step(last, "contact", {"source": "telephone"})
    )
    yield step(last, "discontinuation", {"of": "study", "reason": "death" if dead else "completed"})


def _one(step: Step) -> Doing:
    yield step


def _nothing() -> Doing:
    yield from ()
