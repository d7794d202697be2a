"""What is typed to ask for a file: nothing but which."""

from procurement.kernel.forms import Input, Text


class ExportInput(Input):
    """The kind of file that is asked for."""

    kind = Text(required=True, most=40)
