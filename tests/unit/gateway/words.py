"""The languages of the portal."""

from deploy.gateway.app import HERE
from deploy.gateway.web.languages import Languages

LANGUAGES = Languages.read(HERE / "catalogues")
ENGLISH, SPANISH = LANGUAGES.each["en"], LANGUAGES.each["es"]
