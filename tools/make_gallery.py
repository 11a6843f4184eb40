"""Draws the gallery's figures anew: `python tools/make_gallery.py`. From the five virtual trials, seed 7."""

from __future__ import annotations

from pathlib import Path

from protocyte.analysis.catalogue import build_set
from protocyte.app.demo import last_day, virtual_trial
from protocyte.app.studies import open_study
from protocyte.conduct import Desk
from protocyte.reports.assemble import assemble
from protocyte.reports.document import Picture
from protocyte.reports.formats.drawings import standalone
from protocyte.study.load import Loaded

FOLDER = Path(__file__).parents[1] / "docs" / "assets" / "gallery"
FONT = "'Liberation Sans', Arial, 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif"
# Study, language, and the figures taken from it; of a figure with several drawings, at most so many.
TAKEN: dict[tuple[str, str], tuple[str, ...]] = {
    ("lilrb4-start", "en"): ("escalation", "flow", "waterfall", "ae_bars"),
    ("cll1-cart", "en"): ("incidence_curves", "forest", "kinetics"),
    ("cd7-cart", "en"): ("swimmer", "occupancy", "exposure_boxes", "kinetics_mean", "exposure_scatter"),
    ("cd123-cart", "en"): ("spider", "lab_courses", "kinetics_by_response"),
    ("lstcar019", "en"): ("toxicity", "b_cells", "km_curves"),
    ("cd7-cart", "zh"): ("km_curves",),
}
MOST = 3


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.svg"):
        old.unlink()
    trials: dict[str, Desk] = {}
    for (name, language), wanted in TAKEN.items():
        if name not in trials:
            loaded = open_study(name)
            assert isinstance(loaded, Loaded)
            trials[name] = virtual_trial(loaded, seed=7)
        trial = trials[name].trial
        document = assemble(build_set(trial, last_day(trial)), trial.study, language)  # type: ignore[arg-type]
        for block in document.blocks:
            if isinstance(block, Picture):
                figure, _, number = block.id.rpartition("-")
                if figure in wanted and int(number) <= MOST:
                    file = FOLDER / f"{figure}-{number}{'' if language == 'en' else '-' + language}.svg"
                    file.write_text(standalone(block, FONT), encoding="utf-8")
                    print(file.name, file.stat().st_size)


if __name__ == "__main__":
    main()
