"""What is refused while another merge has an account."""

from shared.errors import Conflict


class MergeInProgress(Conflict):
    """Another merge of one of these accounts has not ended."""

    title = "Another merge of one of these accounts is under way"
    hint = "Nothing was used up; wait until GET /merges/{merge_id} says that it ended."
