"""An S3 store on this machine, which counts, and fails when told to."""

import importlib.util
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from urllib.parse import quote

import pytest

from dashgaze.remote_file import reader


@dataclass
class Request:
    method: str
    key: str
    range: str | None
    status: str = ""
    sent_bytes: int = 0


@dataclass
class S3:
    """A running store; all keys lie in one bucket.

    Attributes
    ----------
    url, options
        Address of the bucket, and the options that lead there.
    log
        All requests so far.
    refuse
        Asked before each request; what it gives is answered instead, as status and S3's error code.
    """

    url: str
    options: dict
    log: list[Request] = field(default_factory=list)
    refuse: Callable[[Request], tuple[str, str] | None] = lambda request: None

    def put(self, key: str, data: bytes) -> None:
        self._fs().pipe_file(f"bucket/{key}", data)

    def get(self, key: str) -> bytes:
        fs = self._fs()
        fs.invalidate_cache()
        return fs.cat_file(f"bucket/{key}")

    def remove(self, key: str) -> None:
        self._fs().rm_file(f"bucket/{key}")

    def keys(self, folder: str) -> list[str]:
        fs = self._fs()
        fs.invalidate_cache()
        return sorted(
            each.removeprefix(f"bucket/{folder}/") for each in fs.find(f"bucket/{folder}")
        )

    def put_folder(self, folder: Path, key: str) -> None:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.put(f"{key}/{path.relative_to(folder).as_posix()}", path.read_bytes())

    def fetched(self, name: str) -> int:
        """How many bytes of objects whose key ends so were sent out."""
        end = quote(name)
        gets = (each for each in self.log if each.method == "GET" and each.status[:2] == "20")
        return sum(each.sent_bytes for each in gets if each.key.endswith((end, name)))

    def _fs(self):
        import s3fs

        return s3fs.S3FileSystem(**self.options)


@pytest.fixture(scope="session")
def _server() -> Iterator[S3]:
    pytest.importorskip("s3fs")
    pytest.importorskip("moto")
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application = DomainDispatcherApplication(create_backend_app)
    store = S3(url="s3://bucket", options={})

    def serve(environ, start_response):
        key = environ["PATH_INFO"].encode("latin-1").decode()
        request = Request(environ["REQUEST_METHOD"], key, environ.get("HTTP_RANGE"))
        store.log.append(request)
        refusal = store.refuse(request)
        if refusal is not None:
            request.status, code = refusal
            body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response(request.status, [("Content-Length", str(len(body)))])
            return [] if request.method == "HEAD" else [body]

        def start(status, headers, info=None):
            request.status = status
            request.sent_bytes = int(dict(headers).get("Content-Length") or 0)
            return start_response(status, headers, info)

        return application(environ, start)

    server = make_server("127.0.0.1", 0, serve, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    store.options = {
        "key": "who",
        "secret": "hush-hush",
        "endpoint_url": f"http://127.0.0.1:{server.server_port}",
        "client_kwargs": {"region_name": "eu-central-1"},
    }
    store._fs().mkdir("bucket")
    yield store
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def s3(_server: S3, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    """The store, empty, without faults; nothing waits between tries."""
    monkeypatch.setattr("dashgaze.remote_file.store._FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr("dashgaze.remote_file.reader._PAGES", reader._Pages())
    monkeypatch.setattr("dashgaze.fingerprint._known", {})
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr("s3fs.S3FileSystem.retries", 1)  # its own tries only take time here
    fs = _server._fs()
    fs.invalidate_cache()
    if keys := fs.find("bucket"):
        fs.rm(keys)
    _server.refuse = lambda request: None
    _server.log.clear()
    yield _server
    _server.refuse = lambda request: None


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator:
    """A store in this process's memory, at memory://."""
    import fsspec

    fs = fsspec.filesystem("memory")
    fs.store.clear()
    monkeypatch.setattr("dashgaze.remote_file.store._FIRST_PAUSE_S", 0.001)
    yield fs
    fs.store.clear()


@pytest.fixture(scope="session")
def papers() -> ModuleType:
    """A session of a few small files whose results are made up, with true records."""
    path = Path(__file__).parent / "paper_session.py"
    spec = importlib.util.spec_from_file_location("paper_session", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["paper_session"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute of a made-up drive with sound."""
    path = Path(__file__).parents[1] / "tiny_session.py"
    spec = importlib.util.spec_from_file_location("tiny_session", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["tiny_session"] = module
    spec.loader.exec_module(module)
    return module.write_session(tmp_path_factory.mktemp("tiny") / "made")
