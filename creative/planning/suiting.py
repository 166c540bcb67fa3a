"""Which layouts suit an ad: made for what it has (product, price), with an entry for its placement, and room for its words."""

from __future__ import annotations

from creative.planning.pictures import Pictures
from creative.planning.problem import PlanningProblem
from creative.planning.words import Subject
from creative.world import World


class Suiting:
    """Answers `creative.cells.Suits`, and remembers what it answered."""

    def __init__(self, world: World, pictures: Pictures) -> None:
        self.world, self.pictures = world, pictures
        self._made_for: dict[tuple[str, str, bool, bool], bool] = {}
        self._roomy: dict[tuple[str, str, Subject, str | None], bool] = {}

    def __call__(
        self, layout: str, product: str | None, offer: str | None, place: tuple[str, str, str], headline: str | None
    ) -> bool:
        """Whether a layout suits a product, offer, place (market, locale, placement) and headline."""
        market, locale, placement = place
        shown = product is not None and bool(self.world.photos.get(product))
        made_for = (layout, placement, shown, offer is not None)
        if made_for not in self._made_for:
            row = self.world.layouts[layout]
            self._made_for[made_for] = row.takes(shown, offer is not None) and row.suits(
                self.world.placements[placement]
            )
        if not self._made_for[made_for]:
            return False
        asked = (layout, placement, Subject(product, offer, market, locale), headline)
        if asked not in self._roomy:
            if len(self._roomy) >= 16384:
                self._roomy.clear()
            self._roomy[asked] = self._fits(*asked)
        return self._roomy[asked]

    def _fits(self, layout: str, placement: str, about: Subject, headline: str | None) -> bool:
        try:
            self.pictures.texts(about, headline, layout, placement, self.pictures.label(about.locale, None))
        except PlanningProblem:
            return False
        return True
