"""`make docs`: the tables of the services' READMEs that the code knows, written between marks.

What code cannot say, the last column of some tables, is written by hand and stays with its row.
"""

from deploy.readmes.marks import filled, parts
from deploy.readmes.tables import TABLES
from shared.program.program import F, Program, S


def rendered(program: Program[F, S], readme: str) -> str:
    """Return the README with every table as the program has it now. Raises MarkMissing."""
    for name, table in TABLES.items():
        readme = filled(readme, name, table(program, parts(readme, name)))
    return readme
