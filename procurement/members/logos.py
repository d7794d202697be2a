"""The picture that the centrale prints on its papers, checked before it is kept."""

from io import BytesIO

from flask_babel import lazy_gettext as _
from marshmallow import ValidationError
from PIL import Image
from werkzeug.datastructures import FileStorage

#: Bytes: enough for a logo, and each paper carries it.
LARGEST = 300_000
#: Pixels of a side: a small file may unfold to a picture that fills the memory.
LONGEST_SIDE = 4000


def uploaded(file: FileStorage | None) -> bytes | None:
    """Give the picture that a form brought, None when its field was left empty.

    Raises ValidationError at ``logo`` when it is no PNG or JPEG that papers could print.
    """
    content = file.read(LARGEST + 1) if file else b""
    if len(content) > LARGEST:
        raise ValidationError({"logo": [_("This file is too large: at most 300 kB.")]})
    if not file or not file.filename:
        return None
    try:
        picture = Image.open(BytesIO(content), formats=("PNG", "JPEG"))
        if max(picture.size) > LONGEST_SIDE:
            raise ValidationError(
                {"logo": [_("This picture is too large: at most 4,000 pixels wide and high.")]}
            )
        picture.load()
    # Whatever the library says of a file that somebody sent, it is no picture to print.
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise ValidationError({"logo": [_("This is not a PNG or JPEG picture.")]}) from None
    return content
