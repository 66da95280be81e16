"""What can go wrong, as a tree; every message names the cause and the remedy.

UnmaskError
├── InputError        a picture, video, camera or folder that cannot be used
├── MethodError       a method that cannot be loaded or run
│   ├── WeightsError  a weights file whose keys, shapes or format do not fit
│   └── DeviceError   a device that is not there
│       └── DeviceFullError  one with too little memory
└── MissingAssetError a file that is not there: says how to get it
"""


class UnmaskError(Exception):
    """Base of all errors a user may see. `str(error)` is a sentence: what was wrong and what to do."""


class InputError(UnmaskError):
    """A picture, video, camera or folder that cannot be used."""


class MethodError(UnmaskError):
    """A method that cannot be loaded or run."""


class WeightsError(MethodError):
    """A weights file whose keys, shapes or format do not fit the method."""


class DeviceError(MethodError):
    """A device to run on that is not there."""


class DeviceFullError(DeviceError):
    """A device with too little memory for what was asked."""


class MissingAssetError(UnmaskError):
    """A file that is not there."""


def out_of_memory(error: BaseException) -> bool:
    """Whether it says that there was too little memory, of the machine or of the device."""
    named = any(
        kind.__name__ == "OutOfMemoryError" for kind in type(error).__mro__
    )  # torch's, not imported here
    return named or isinstance(error, MemoryError) or "out of memory" in str(error).casefold()


def told(error: BaseException) -> str:
    """An error in one line; one of a library by its kind too."""
    text = " ".join(str(error).split())
    if isinstance(error, UnmaskError | ValueError) and text:
        return text
    if isinstance(error, MemoryError):
        return f"Out of memory{': ' + text if text else ''}. Use a smaller picture, or close other programs."
    return f"{type(error).__name__}{': ' + text if text else ''}"
