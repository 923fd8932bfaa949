#!/usr/bin/env bash
# The same as tools/train.py on several processes of this machine (torchrun, DDP); NCCL on GPUs, gloo on CPUs.
# usage:   tools/dist_train.sh CONFIG PROCESSES [arguments of tools/train.py]
# example: tools/dist_train.sh configs/ide/ide_osnet-x0-25_synthped-day.py 2
set -euo pipefail
if [ $# -lt 2 ]; then sed -n '2,4s/^# //p' "$0" >&2; exit 2; fi
config=$1 processes=$2
shift 2
cd "$(dirname "$0")/.."
exec python -m torch.distributed.run --standalone --nproc-per-node "$processes" tools/train.py "$config" --launcher pytorch "$@"
