from services.merge.settings import MergeSettings
from shared.settings.loader import load
from tests.support.environ import needed


def test_merge_listens_on_ports_of_its_own() -> None:
    settings = load(MergeSettings, needed("merge"))

    assert (settings.http_port, settings.metrics_port) == (8103, 9103)
