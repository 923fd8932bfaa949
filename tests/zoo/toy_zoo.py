"""A zoo of one model that lies outside of any checkout, and the files and servers it is fetched from."""

import hashlib
from http.server import BaseHTTPRequestHandler

import numpy as np

CONTENT = np.random.default_rng(0).bytes(5000)
NAME = "toy_net_data"
FILE = f"{NAME}.safetensors"


def metafile(content=CONTENT, name=NAME):
    """A complete metafile of one model whose file holds ``content``, and one that has to be trained."""
    weights = {
        "File": f"{name}.safetensors",
        "Size": len(content),
        "SHA256": hashlib.sha256(content).hexdigest(),
        "Precision": "float16",
        "Licence": "as the repository",
        "Data Licence": "none needed",
        "Mirrors": [],
    }
    result = {
        "Task": "Person Re-Identification",
        "Dataset": "Toy test",
        "Metrics": {"mAP_step": 74.25, "rank1": 86.8, "num_queries": 1599},
        "Spread": {"mAP_step": {"mean": 74.1, "std": 0.9, "seeds": 3}},
    }
    metadata = {"Training Data": "Toy train", "Initialisation": "random"}
    made = {"Seed": 0, "Commit": "abc", "Seeds": [0, 1], "Hardware": "a CPU", "Training Time": 3.5}
    config = "configs/ide/ide_osnet-x0-25_synthped-day.py"
    published = {"Dataset": "Market-1501", "Metrics": {"mAP_official": 68.8}, "Source": "https://example.org/paper"}
    trained = {"Name": name, "In Collection": "Toy", "Config": config, "Metadata": {**metadata, **made}}
    bare = {"Name": "bare_net_data", "In Collection": "Toy", "Config": config, "Metadata": metadata}
    return {
        "Collections": [{"Name": "Toy", "Paper": {"Title": "Toys", "Year": 2016}, "Config Folder": "configs/ide"}],
        "Models": [
            {**trained, "Results": [result], "Weights": weights},
            {**bare, "Published": [published], "Train": f"python tools/train.py {config}"},
        ],
    }


def translation_metafile():
    """The same with the trained model as a translation: what it draws, and what a recipe learnt from its images."""
    content = metafile()
    translation = content["Models"][0]
    figures = {"mean_red": 101.5, "change": 12.25}
    drawn = {"Task": "Image Translation", "Dataset": "Toy train, 6 images, s2t", "Metrics": figures}
    translation["Results"] = [drawn, {**translation["Results"][0], "Config": "configs/bot/bot_toy.py"}]
    translation["Picture"] = "model_zoo/pictures/toy_net_data.png"
    return content


def sampling_metafile():
    """The same with the trained model as a GAN: what it draws, how that was judged, and what learnt from it."""
    content = metafile()
    gan = content["Models"][0]
    looks = {"Task": "Image Sampling", "Dataset": "the first 32 images", "Metrics": {"mean_red": 101.5}}
    judged = {
        "Task": "Image Generation",
        "Dataset": "Toy train, 24 images beside 7 drawn",
        "Metrics": {"fid (toy-net)": 61.25, "ssim (pg2)": 0.4321},
        "Spread": {"fid (toy-net)": {"mean": 60.5, "std": 1.25, "seeds": 3}},
    }
    learnt = {**gan["Results"][0], "Task": "Person Re-Identification with sampled images"}
    gan["Results"] = [looks, judged, {**learnt, "Config": "configs/lsro/lsro_toy.py"}]
    gan["Picture"] = "model_zoo/pictures/toy_net_data.png"
    return content


class Handler(BaseHTTPRequestHandler):
    """Serves ``server.content``; the first answers may be bad: a status, or a number of bytes before the cut."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        server.ranges.append(self.headers.get("Range"))
        bad = server.bad.pop(0) if server.bad else None
        if bad is not None and bad[0] == "status":
            self.send_error(bad[1])
            return
        start = int(self.headers["Range"].split("=")[1].rstrip("-")) if self.headers.get("Range") else 0
        if start and not server.resumes:
            start = 0
        if start >= len(server.content):
            self.send_error(416)
            return
        body = server.content[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(server.content) - 1}/{len(server.content)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: bad[1]] if bad is not None else body)
        if bad is not None:
            self.close_connection = True

    def log_message(self, *arguments):
        pass
