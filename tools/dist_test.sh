#!/usr/bin/env bash
# The same as tools/test.py on several processes of this machine (torchrun, DDP); NCCL on GPUs, gloo on CPUs.
# usage:   tools/dist_test.sh CONFIG CHECKPOINT PROCESSES [arguments of tools/test.py]
# example: tools/dist_test.sh configs/ide/ide_osnet-x0-25_synthped-day.py work_dirs/demo/epoch_15.pth 2
set -euo pipefail
if [ $# -lt 3 ]; then sed -n '2,4s/^# //p' "$0" >&2; exit 2; fi
config=$1 checkpoint=$2 processes=$3
shift 3
cd "$(dirname "$0")/.."
exec python -m torch.distributed.run --standalone --nproc-per-node "$processes" tools/test.py "$config" "$checkpoint" --launcher pytorch "$@"
