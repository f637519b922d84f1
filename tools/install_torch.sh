#!/bin/sh
# PyTorch's plain wheel for Linux brings several GB of CUDA that Ordagrant never uses. So ask for
# the CPU build first: from what pip is set up to find, then from PyTorch's own index; only then
# take the plain one (on macOS and Windows that is the CPU build).
set -eu
python=$1
version=$(sed -n 's/^torch==\([0-9.]*\).*/\1/p' constraints.txt)
pip="$python -m pip install --quiet --disable-pip-version-check"

if "$python" -c "import torch, sys; sys.exit(not torch.__version__.startswith('$version'))" 2>/dev/null; then
    exit 0
fi
$pip "torch==$version+cpu" 2>/dev/null && exit 0
if [ "$(uname -s)" = Linux ]; then
    # Its own requirements come with the other libraries, from the ordinary index.
    $pip --retries 0 --timeout 10 --no-deps --index-url https://download.pytorch.org/whl/cpu \
        "torch==$version+cpu" 2>/dev/null && exit 0
    echo "No CPU build of torch $version for this Python was found: taking the plain one (several GB)."
fi
$pip "torch==$version"
