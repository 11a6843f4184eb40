"""Sites: the name and the place, one entry a site."""

from __future__ import annotations

from protocyte.exchange.registry.drafting import Drafting
from protocyte.exchange.registry.page import Page


def place_sites(page: Page, draft: Drafting) -> None:
    sites, places = page.all("site"), page.all("place")
    if len(sites) != len(places):
        for item in sites + places:
            draft.note(item.name, item.value.text, item.value)
        if sites or places:
            draft.gap("sites", "sites_unpaired", "warning", (sites or places)[0].value)
        return
    seen: list[str] = []
    for site, place in zip(sites, places, strict=True):
        words = f"{site.value.text}, {place.value.text}"
        if words in seen:  # a page may name its one site twice
            for item in (site, place):
                draft.note(item.name, item.value.text, item.value)
            continue
        seen.append(words)
        number = len(seen)
        draft.put(f"sites.S{number}.place.en", words, (site.value, place.value), mark=f"sites.S{number}")
