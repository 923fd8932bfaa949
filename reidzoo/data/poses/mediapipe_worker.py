"""MediaPipe in a process of its own: pictures come in, 33 landmarks and a mask go out, until the input ends.

A script for the Python of ``.venv-pose``, which has MediaPipe and nothing of this package;
:class:`reidzoo.data.poses.mediapipe_pose.MediaPipePose` starts it. It writes ``READY`` once. A picture is its height
and width (two little-endian uint32) and H x W x 3 uint8 RGB. The answer is a byte, 0 where nobody was found; after a 1
come 33 x 3 float32 (y and x in pixels from the upper left corner, visibility) and H x W uint8 (255: surely the person).
"""

import os
import struct
import sys

READY = b"ready"
LANDMARKS = 33


def main() -> None:
    """Answer until the standard input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever MediaPipe prints must not stand among the answers
    import mediapipe
    import numpy as np

    # 1 is the size of model that lies in the package, others would be downloaded
    with mediapipe.solutions.pose.Pose(static_image_mode=True, model_complexity=1, enable_segmentation=True) as pose:
        answers.write(READY)
        answers.flush()
        while header := sys.stdin.buffer.read(8):
            size = struct.unpack("<II", header)
            pixels = sys.stdin.buffer.read(size[0] * size[1] * 3)
            found = pose.process(np.frombuffer(pixels, np.uint8).reshape(*size, 3))
            if found.pose_landmarks is None:
                answers.write(b"\0")
            else:
                landmarks = [
                    (each.y * size[0], each.x * size[1], each.visibility) for each in found.pose_landmarks.landmark
                ]
                mask = np.rint(np.clip(found.segmentation_mask, 0, 1) * 255)
                answers.write(b"\1" + np.array(landmarks, "<f4").tobytes() + mask.astype(np.uint8).tobytes())
            answers.flush()


if __name__ == "__main__":
    main()
