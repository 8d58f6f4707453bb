"""``python -m paes`` is the ``paes`` command."""

from paes.cli import main

main()
