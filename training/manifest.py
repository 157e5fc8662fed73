"""Which files does the package ship as its models? Writes their sums, which are checked before they are loaded.

`python -m training.manifest` after every change to commentsvc/moderation/model/.
"""

from commentsvc.moderation.model_files import FOLDER, write_sums

if __name__ == "__main__":
    print(write_sums(FOLDER).read_text(), end="")
