"""A public registry record as a draft study: what it says, where it says it, and what it does not say."""

from protocyte.exchange.registry.draft_file import draft_yaml
from protocyte.exchange.registry.imported import Gap, Imported, Placed, Unplaced, as_json
from protocyte.exchange.registry.importing import import_record

__all__ = ["Gap", "Imported", "Placed", "Unplaced", "as_json", "draft_yaml", "import_record"]
