"""The table of known problems. The first row that fits counts, so special ones stand before general ones.

Patterns are written from real texts, which stand with their sources in ``tests/analysis/test_diagnostics.py``.
"""

from __future__ import annotations

from collections.abc import Sequence

from retroml_edu.analysis.diagnostics.known_problem import KnownProblem

_CPU = "choose 'CPU' as 'Device' under 'Advanced' (on the command line: --device cpu)"
_TORCH = "the command that https://pytorch.org/get-started/locally/ gives for your machine"
_LESS_MEMORY = (
    "use fewer environments, a smaller 'Replay buffer' (DQN) or a smaller 'Mini-batch', and close other notebooks and "
    "programs"
)

KNOWN: Sequence[KnownProblem] = (
    # -- GPU -----------------------------------------------------------------------------------------------------
    KnownProblem(
        name="cuda_memory",
        area="GPU",
        title="The GPU has no memory left",
        patterns=(
            r"CUDA out of memory",
            r"CUDA error: out of memory",
            r"CUBLAS_STATUS_ALLOC_FAILED",
            r"CUDNN_STATUS_ALLOC_FAILED",
        ),
        cause="The network, its mini-batches and, for DQN on pictures, the replay buffer have to fit into the memory "
        "of the graphics card. Other notebooks and programs take their part of it, too.",
        remedy=f"Restart kernels that you no longer use, {_LESS_MEMORY}; or {_CPU}.",
        says="CUDA out of memory. Tried to allocate 2.00 GiB.",
    ),
    KnownProblem(
        name="cuda_driver_old",
        area="GPU",
        title="The driver of the graphics card is too old",
        patterns=(r"NVIDIA driver on your system is too old", r"CUDA driver version is insufficient"),
        cause="PyTorch is made for a newer version of CUDA than the installed driver can serve.",
        remedy=f"Update the NVIDIA driver, or install a PyTorch for the older CUDA with {_TORCH}. Until then {_CPU}.",
        says="The NVIDIA driver on your system is too old (found version 11040).",
    ),
    KnownProblem(
        name="cuda_absent",
        area="GPU",
        title="PyTorch finds no NVIDIA graphics card",
        patterns=(
            r"Found no NVIDIA driver on your system",
            r"Torch not compiled with CUDA enabled",
            r"No CUDA GPUs are available",
            r"CUDA-capable device\(s\) is/are busy or unavailable",
            r"no CUDA-capable device is detected",
            r"Attempting to deserialize object on a CUDA device but torch\.cuda\.is_available\(\) is False",
            r"from the 'CUDA' backend",
        ),
        cause="CUDA was asked for. There is no such card here, or its driver is missing, or the installed PyTorch is "
        "the build for processors alone; in a container the card has to be handed in.",
        remedy=f"To go on without it, {_CPU}. If there is a card, install its driver, and PyTorch with {_TORCH}; a "
        "container is started with --gpus all.",
        says="Found no NVIDIA driver on your system. / Torch not compiled with CUDA enabled",
    ),
    KnownProblem(
        name="cuda_no_kernel",
        area="GPU",
        title="This PyTorch has no code for this graphics card",
        patterns=(
            r"no kernel image is available for execution on the device",
            r"is not compatible with the current PyTorch installation",
        ),
        cause="A build of PyTorch holds code for some generations of cards. This card is older or newer than those.",
        remedy=f"Install a build that knows the card, with {_TORCH}: an older card may need an older CUDA, a new one "
        "the "
        f"newest. Until then {_CPU}.",
        says="CUDA error: no kernel image is available for execution on the device",
    ),
    KnownProblem(
        name="mps_memory",
        area="GPU",
        title="The Apple GPU has no memory left",
        patterns=(r"MPS backend out of memory",),
        cause="The Apple GPU shares its memory with the rest of the machine, and may use a part of it only.",
        remedy=f"To make room, {_LESS_MEMORY}; or {_CPU}.",
        says="MPS backend out of memory (MPS allocated: 5.56 GB, ...)",
    ),
    KnownProblem(
        name="mps_operation",
        area="GPU",
        title="The Apple GPU cannot do a computation",
        patterns=(
            r"not current(?:ly)? (?:implemented|supported) (?:for the MPS device|on the MPS backend)",
            r"with arguments from the 'MPS' backend",
            r"MPS framework doesn't support",
            r"Cannot convert a MPS Tensor to float64",
        ),
        cause="PyTorch has not got this computation for the Apple GPU (MPS), or this machine has none.",
        remedy=f"For small networks the processor is faster anyway: {_CPU}. A newer PyTorch may know more "
        "computations.",
        says="The operator 'aten::...' is not currently implemented for the MPS device.",
    ),
    # -- memory --------------------------------------------------------------------------------------------------
    KnownProblem(
        name="shared_memory",
        area="Memory",
        title="The shared memory of this machine is too small",
        patterns=(
            r"Bus error",
            r"insufficient shared memory",
            r"No space left on device: '?/(?:dev/shm|psm_|torch_)",
            r"unable to (?:write|mmap|allocate|resize) .*shared memory",
            r"exit code -7\b",  # SIGBUS
        ),
        cause="Processes hand each other data through /dev/shm. Containers often have only 64 MB of it, and what no "
        "longer fits ends the process with a bus error.",
        remedy="Start the container with more, such as docker run --shm-size=1g, or use one environment.",
        says="killed by signal: Bus error. It is possible that dataloader's workers are out of shared memory.",
    ),
    KnownProblem(
        name="killed",
        area="Memory",
        title="The system has ended a worker process",
        patterns=(r"exit code -9\b", r"exited with code -9\b", r"killed by signal: Killed"),
        cause="When memory runs out, the system ends the process that takes the most of it, without a word to it.",
        remedy=f"Resume the run from its last checkpoint with more room: {_LESS_MEMORY}.",
        says="The process of environments ended (exit code -9).",
    ),
    KnownProblem(
        name="memory",
        area="Memory",
        title="This machine has no memory left for that",
        patterns=(
            r"(?<![\w.])(?:_Array)?MemoryError\b",
            r"DefaultCPUAllocator: (?:can't allocate memory|not enough memory)",
            r"Unable to allocate [\d.]+ .?i?B for an array",
            r"\bCannot allocate memory",
            r"std::bad_alloc",
        ),
        cause="What has to be kept at once is larger than the memory that is free. For DQN that is mostly the replay "
        "buffer: a step of an Atari game takes 7 KB, so that a million of them take 7 GB.",
        remedy=f"To make room, {_LESS_MEMORY}. 'System' in the panel shows how full memory is.",
        says="MemoryError / DefaultCPUAllocator: can't allocate memory",
    ),
    # -- disk and files ------------------------------------------------------------------------------------------
    KnownProblem(
        name="disk_full",
        area="Disk and files",
        title="The disk is full",
        patterns=(
            r"No space left on device",
            r"\[Errno 28\]",
            r"There is not enough space on the disk",
            r"\[WinError 112\]",
            r"Disk quota exceeded",
            r"database or disk is full",
        ),
        cause="Where runs are kept there is no room left, or none that is allowed to you. What was written before is "
        "whole: a file appears when it is complete.",
        remedy="Delete runs under 'Experiments' and empty the folder .trash in the home of runs, or keep runs "
        "elsewhere: set RETROML_HOME to a folder on another disk. Fewer videos and checkpoints take less.",
        says="[Errno 28] No space left on device",
    ),
    KnownProblem(
        name="many_files",
        area="Disk and files",
        title="Too many files are open",
        patterns=(r"Too many open files", r"\[Errno 24\]", r"unable to open database file.*too many"),
        cause="Each process may have only so many files, pipes and connections open at once. Many panels, runs and "
        "worker processes in one kernel add up.",
        remedy="Restart the kernel. On Linux and macOS, ulimit -n 4096 in the terminal from which JupyterLab is "
        "started allows more; or use fewer environments.",
        says="[Errno 24] Too many open files",
    ),
    KnownProblem(
        name="read_only",
        area="Disk and files",
        title="A folder may not be written",
        patterns=(
            r"\[Errno 30\]|Read-only file system",
            r"\[Errno 13\] Permission denied",
            r"\[WinError 5\]|Access is denied",
            r"attempt to write a readonly database",
            r"(?:Cannot write|Runs cannot be kept in) .*: (?:Permission denied|Operation not permitted)",
        ),
        cause="The system lets you read there, and not write: the folder belongs to somebody else, or the disk is "
        "mounted for reading only, as course material often is.",
        remedy="Keep runs in a folder of your own: set the environment variable RETROML_HOME to it, or write "
        'Lab(home="...").',
        says="[Errno 13] Permission denied / [Errno 30] Read-only file system",
    ),
    # -- video ---------------------------------------------------------------------------------------------------
    KnownProblem(
        name="video_package",
        area="Video",
        title="The package that writes videos is missing or broken",
        patterns=(
            r"No module named 'av'",
            r"import of av halted",
            r"DLL load failed while importing (?:_core|error|logging|frame|packet|buffer)\b.*",
            r"lib(?:avcodec|avformat|avutil|swscale)[\w.-]*: cannot open shared object file",
        ),
        cause="Videos are written by PyAV, whose wheels from PyPI bring FFmpeg along. It is not installed, or it was "
        "built for another FFmpeg.",
        remedy="Run pip install --force-reinstall av, then restart the kernel. Training works without: switch off "
        "'Record videos while training'.",
        says="No module named 'av'",
    ),
    KnownProblem(
        name="video_codec",
        area="Video",
        title="FFmpeg could not write the video",
        patterns=(
            r"UnknownCodecError",
            r"(?:Encoder|Decoder|Muxer|Demuxer|Protocol) not found",
            r"avcodec_open2\(",
            r"Generic error in an external library",
            r"Unknown encoder",
        ),
        cause="The FFmpeg that PyAV found has no H.264, or its encoder refused: often it is the FFmpeg of conda or of "
        "the system instead of the one that PyAV's wheel brings.",
        remedy="Run pip install --force-reinstall av, then restart the kernel; retroml-edu doctor tells whether H.264 "
        "works. Training works without: switch off 'Record videos while training'.",
        says="UnknownCodecError: libx264",
    ),
    KnownProblem(
        name="video_file",
        area="Video",
        title="A file that should be a video is none",
        patterns=(r"Invalid data found when processing input", r"moov atom not found"),
        cause="FFmpeg cannot read it: the file is damaged, or was cut short while it was copied.",
        remedy="Record it again with 'Test', or copy the file once more from where it came.",
        says="Invalid data found when processing input",
    ),
    # -- environments --------------------------------------------------------------------------------------------
    KnownProblem(
        name="atari_rom",
        area="Environments",
        title="The game's ROM is missing",
        patterns=(
            r"Unable to find (?:the )?game",
            r"loadROM\(\): incompatible function arguments",
            r"ROM is missing for",
            r"Rom \S+ not supported",
        ),
        cause="ale-py, the Atari emulator, brings the ROMs of its games since version 0.9. An older one does not, and "
        "no version brings a game whose name is spelled differently.",
        remedy='Run pip install "ale-py>=0.11", then restart the kernel, and check how the game is spelled: '
        "SpaceInvaders, not Space Invaders.",
        says='We\'re Unable to find the game "Pong". Note: Gymnasium no longer distributes ROMs.',
    ),
    KnownProblem(
        name="atari_package",
        area="Environments",
        title="The Atari emulator is not there",
        patterns=(
            r"No module named 'ale_py'",
            r"Namespace ALE not found",
            r"DLL load failed while importing _ale_py",
            r"No module named 'shimmy'",
        ),
        cause="Atari games are played by ale-py, which is not installed in this environment or has not told Gymnasium "
        "of its games.",
        remedy="Run pip install ale-py, then restart the kernel. In code of your own: import ale_py, then "
        "gymnasium.register_envs(ale_py).",
        says="Namespace ALE not found. / No module named 'ale_py'",
    ),
    KnownProblem(
        name="box2d",
        area="Environments",
        title="Box2D is missing",
        patterns=(
            r"Box2D is not installed",
            r"No module named '_?Box2D",
            r"import of Box2D halted",
            r"Failed building wheel for box2d",
            r"module '_?Box2D' has no attribute",
            r"gymnasium\[box2d\]",
        ),
        cause="LunarLander and BipedalWalker are computed by Box2D, a package of its own that some systems build from "
        "source, for which they need swig.",
        remedy='Run pip install swig, then pip install "gymnasium[box2d]", then restart the kernel.',
        says="Box2D is not installed, you can install it by run `pip install swig` followed by "
        '`pip install "gymnasium[box2d]"`',
    ),
    KnownProblem(
        name="gymnasium_extra",
        area="Environments",
        title="An environment needs a package that is not installed",
        patterns=(
            r"DependencyNotInstalled",
            r"is not installed,? (?:you can install it by )?run `?pip install",
            r"needs a package that is not installed",
            r"No module named '(?:pygame|mujoco|mujoco_py|cv2|moviepy)",
        ),
        cause="Gymnasium installs the packages of its environments in groups, called extras; this one is missing here.",
        remedy="Run the pip install command that the error names, then restart the kernel.",
        says='MuJoCo is not installed, run `pip install "gymnasium[mujoco]"`',
    ),
    # -- installation --------------------------------------------------------------------------------------------
    KnownProblem(
        name="numpy_versions",
        area="Installation",
        title="Packages were built for another version of NumPy",
        patterns=(
            r"numpy\.(?:dtype|ndarray|ufunc) size changed",
            r"compiled using NumPy 1\.x cannot be run in",
            r"numpy\.core\.multiarray failed to import",
            r"module compiled against A[BP]I version",
            r"_ARRAY_API not found",
            r"No module named 'numpy\._core",
            r"Numba needs NumPy [\d.]+ or less",
        ),
        cause="NumPy 2 changed its inner layout. A package that was built for NumPy 1 cannot use it, and the other way "
        "round; this happens when packages are installed one after another into an old environment.",
        remedy="Make a fresh environment (make lab in the checkout), or run pip install --upgrade --force-reinstall "
        "with the package that the last lines of the error name, then restart the kernel.",
        says="numpy.dtype size changed, may indicate binary incompatibility",
    ),
    KnownProblem(
        name="torch_library",
        area="Installation",
        title="A library of PyTorch cannot be loaded",
        patterns=(
            r"Error loading \"[^\"]*\btorch\b[^\"]*\.dll\"",
            r"\[WinError (?:126|127|1114)\]",
            r"DLL load failed while importing _C\b",
            r"lib(?:c10|torch|cudnn|cublas|cudart|nvJitLink|nccl|gomp|cupti)[\w.-]*: cannot open shared object file",
            r"libtorch\w*\.so: undefined symbol",
        ),
        cause="PyTorch is installed in part, or for another version of Python or CUDA; on Windows the Visual C++ "
        "runtime is often what is missing.",
        remedy="On Windows install the Visual C++ Redistributable (https://aka.ms/vs/17/release/vc_redist.x64.exe). "
        "Then "
        f"run pip uninstall torch, install it with {_TORCH}, and restart the kernel.",
        says='[WinError 126] The specified module could not be found. Error loading "...\\torch\\lib\\fbgemm.dll"',
    ),
    KnownProblem(
        name="widgets_frontend",
        area="Installation",
        title="The browser half of the widgets is missing",
        patterns=(
            r"Failed to load model class",
            r"No version of module (?:anywidget|@jupyter-widgets)",
            r"Error displaying widget: model not found",
            r"No module named '(?:anywidget|ipywidgets)'",
            r"Error loading widget",
        ),
        cause="A panel has one half in the kernel and one in the page. JupyterLab was started before the packages were "
        "installed, or from an environment that has not got them; a notebook that was saved and opened again shows "
        "this too, until its cell is run.",
        remedy="Run the cell again. If that does not help: pip install --upgrade ipywidgets anywidget in the "
        "environment from which JupyterLab is started, restart JupyterLab and load the page anew.",
        says="Failed to load model class 'AnyModel' from module 'anywidget'",
    ),
    KnownProblem(
        name="missing_package",
        area="Installation",
        title="A package is missing",
        patterns=(r"(?:ModuleNotFoundError: )?No module named '[\w.]+'",),
        cause="The environment of this kernel has not got a package that is needed. Often the notebook runs in another "
        "environment than the one in which retroml_edu was installed.",
        remedy="Choose the right kernel at the top right of the notebook, or run %pip install with the name of the "
        "package, then restart the kernel. retroml-edu doctor lists what is missing.",
        says="ModuleNotFoundError: No module named '...'",
    ),
)
