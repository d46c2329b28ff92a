"""A Hub that is not there: enough of its API to publish a data set, and to load it again.

The forms are those that huggingface_hub and datasets ask for; nothing is stored but in memory.
"""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

GOOD = "hf_good"
READ_ONLY = "hf_readonly"
LARGE = 2_000
"""Files from this size on are LFS."""

_WRITES = ("commit", "tag", "super-squash", "settings", "lfs-files")


@dataclass
class Stored:
    content: bytes
    large: bool

    def entry(self, path: str) -> dict:
        sha256 = hashlib.sha256(self.content).hexdigest()
        pointer = (
            f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\n"
            f"size {len(self.content)}\n"
        ).encode()
        blob = pointer if self.large else self.content
        oid = hashlib.sha1(b"blob %d\0" % len(blob) + blob).hexdigest()
        entry = {"type": "file", "path": path, "size": len(self.content), "oid": oid}
        if self.large:
            size = {"size": len(self.content), "pointerSize": len(pointer)}
            entry["lfs"] = {"oid": sha256, **size}
        return entry


@dataclass
class Repo:
    private: bool
    gated: str | bool = False
    stored: dict[str, str] = field(default_factory=dict)
    commits: dict[str, dict[str, Stored]] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    private_at_commits: list[bool] = field(default_factory=list)
    head: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    def commit(self, files: dict[str, Stored], message: str) -> str:
        self.messages.append(message)
        self.private_at_commits.append(self.private)
        text = f"{len(self.messages)} {message} {sorted(files)} {self.head}"
        self.head = hashlib.sha1(text.encode()).hexdigest()
        self.commits[self.head] = files
        large = [(path, kept.entry(path)) for path, kept in files.items() if kept.large]
        self.stored |= {entry["lfs"]["oid"]: path for path, entry in large}
        return self.head

    def resolve(self, revision: str) -> str | None:
        if revision in ("main", "HEAD"):
            return self.head
        if revision in self.tags:
            return self.tags[revision]
        return revision if revision in self.commits else None

    @property
    def files(self) -> dict[str, bytes]:
        return {path: stored.content for path, stored in self.commits[self.head].items()}


@dataclass
class Hub:
    repos: dict[str, Repo] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    fail_commits_with: int | None = None
    fail_uploads_with: int | None = None
    strange_oids: str = ""
    somebody_commits_first: bool = False
    endpoint: str = ""

    def sent(self, prefix: str) -> list[str]:
        return [line for line in self.requests if line.startswith(prefix)]


@contextmanager
def running_hub() -> Iterator[Hub]:
    hub = Hub()

    class Handler(_Handler):
        pass

    Handler.hub = hub
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer("GET")

    def do_HEAD(self) -> None:
        self._answer("HEAD")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PUT(self) -> None:
        self._answer("PUT")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def _answer(self, method: str) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append(f"{method} {path}")
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = path.strip("/").split("/")
        if parts[0] == "lfs" and self.hub.fail_uploads_with:
            return self._error(self.hub.fail_uploads_with, "", "not today")
        if parts[0] == "lfs":
            self.hub.objects[parts[1]] = self.body
            return self._json({})
        if parts[0] == "api":
            return self._api(method, parts[1:])
        if parts[0] == "datasets" and path.endswith(".git/info/lfs/objects/batch"):
            return self._lfs_batch()
        if parts[0] == "datasets" and parts[3:4] == ["resolve"]:
            return self._resolve("/".join(parts[1:3]), parts[4], "/".join(parts[5:]))
        return self._error(404, "EntryNotFound", "no such page")

    @property
    def token(self) -> str:
        return (self.headers.get("Authorization") or "").removeprefix("Bearer ")

    def _api(self, method: str, parts: list[str]) -> None:
        if parts == ["whoami-v2"]:
            if self.token not in (GOOD, READ_ONLY):
                return self._error(401, "", "Invalid credentials in Authorization header")
            return self._json({"name": "someone", "type": "user"})
        if parts == ["validate-yaml"]:
            return self._json({"errors": [], "warnings": []})
        if parts == ["repos", "create"]:
            return self._create(json.loads(self.body))
        if parts[0] != "datasets" or len(parts) < 3:
            return self._error(404, "", "no such page")
        name = "/".join(parts[1:3])
        repo = self.hub.repos.get(name)
        known = self.token in (GOOD, READ_ONLY)
        if repo is None or (repo.private and not known):
            return self._error(404 if known else 401, "RepoNotFound", "Repository not found")
        if method != "GET" and parts[3] in _WRITES:
            if self.token != GOOD:
                return self._error(403, "", "Forbidden: pass a token with write access")
            return self._write(method, name, repo, parts[3:])
        return self._read(method, name, repo, parts[3:])

    def _create(self, wanted: dict) -> None:
        if self.token != GOOD:
            return self._error(403, "", "You don't have the rights to create a dataset here")
        name = f"{wanted['organization']}/{wanted['name']}"
        private = wanted.get("visibility") == "private" or bool(wanted.get("private"))
        repo = self.hub.repos[name] = Repo(private=private)
        repo.commit({".gitattributes": Stored(b"*.parquet filter=lfs\n", False)}, "initial commit")
        return self._json({"url": f"{self.hub.endpoint}/datasets/{name}", "name": name})

    def _write(self, method: str, name: str, repo: Repo, parts: list[str]) -> None:
        if parts == ["settings"]:
            wanted = json.loads(self.body)
            if "visibility" in wanted:
                repo.private = wanted["visibility"] == "private"
            repo.private = wanted.get("private", repo.private)
            repo.gated = wanted.get("gated", repo.gated)
            return self._json({})
        if parts[0] == "tag" and method == "DELETE":
            del repo.tags[parts[1]]
            return self._json({})
        if parts[0] == "tag":
            tag = json.loads(self.body)["tag"]
            if tag in repo.tags:
                return self._error(409, "", "Tag exists")
            repo.tags[tag] = repo.resolve(parts[1]) or ""
            return self._json({})
        if parts == ["lfs-files", "batch"]:
            for sha in json.loads(self.body)["deletions"]["sha"]:
                del repo.stored[sha]
            return self._json({})
        if parts[0] == "super-squash":
            files = repo.commits[repo.head]
            kept = {commit: repo.commits[commit] for commit in repo.tags.values()}
            repo.commits, repo.messages = kept, []
            repo.commit(files, json.loads(self.body)["message"])
            return self._json({})
        return self._commit(name, repo)

    def _commit(self, name: str, repo: Repo) -> None:
        if self.hub.fail_commits_with:
            return self._error(self.hub.fail_commits_with, "", "not today")
        files = dict(repo.commits[repo.head])
        if self.hub.somebody_commits_first:
            repo.commit(files | {"theirs.txt": Stored(b"mine", False)}, "theirs")
        message = ""
        for line in self.body.splitlines():
            item = json.loads(line)
            key, value = item["key"], item["value"]
            if key == "header":
                message = value["summary"]
                if value.get("parentCommit") not in (None, repo.head):
                    return self._error(412, "", "A commit has happened since")
            elif key == "file":
                files[value["path"]] = Stored(base64.b64decode(value["content"]), False)
            elif key == "lfsFile":
                files[value["path"]] = Stored(self.hub.objects[value["oid"]], True)
            elif key == "deletedFile":
                del files[value["path"]]
            else:
                return self._error(400, "", f"unknown operation {key}")
        oid = repo.commit(files, message)
        url = f"{self.hub.endpoint}/datasets/{name}/commit/{oid}"
        return self._json({"commitUrl": url, "commitOid": oid, "success": True})

    def _read(self, method: str, name: str, repo: Repo, parts: list[str]) -> None:
        if not parts or parts[0] == "revision":
            commit = repo.resolve(parts[1] if parts else "main")
            if commit is None:
                return self._error(404, "RevisionNotFound", "no such revision")
            names = [{"rfilename": path} for path in sorted(repo.commits[commit])]
            about = {"private": repo.private, "gated": repo.gated, "disabled": False}
            return self._json({"id": name, "sha": commit, **about, "siblings": names, "tags": []})
        if parts[0] == "refs":
            tags = [
                {"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": commit}
                for tag, commit in repo.tags.items()
            ]
            branch = {"name": "main", "ref": "refs/heads/main", "targetCommit": repo.head}
            return self._json({"branches": [branch], "converts": [], "tags": tags})
        if parts[0] == "lfs-files":
            return self._json(
                [
                    {"fileOid": self.hub.strange_oids or sha, "filename": path}
                    | {"oid": self.hub.strange_oids or sha}
                    | {"pushedAt": "2026-01-31T00:00:00.000Z", "size": 1, "ref": None}
                    for sha, path in repo.stored.items()
                ]
            )
        if parts[0] == "preupload":
            files = json.loads(self.body)["files"]
            modes = [
                {
                    "path": file["path"],
                    "uploadMode": "lfs" if file["size"] >= LARGE else "regular",
                    "shouldIgnore": False,
                }
                for file in files
            ]
            return self._json({"files": modes})
        commit = repo.resolve(parts[1]) if len(parts) > 1 else None
        if commit is None:
            return self._error(404, "RevisionNotFound", "no such revision")
        files = repo.commits[commit]
        if parts[0] == "tree":
            return self._tree(files, "/".join(parts[2:]), "recursive=true" in self.path.lower())
        if parts[0] == "paths-info":
            return self._paths_info(files)
        return self._error(404, "", "no such page")

    def _tree(self, files: dict[str, Stored], folder: str, recursive: bool) -> None:
        prefix = f"{folder}/" if folder else ""
        entries: dict[str, dict] = {}
        for path, stored in sorted(files.items()):
            if not path.startswith(prefix):
                continue
            steps = path.removeprefix(prefix).split("/")
            for depth in range(1, len(steps) if recursive else min(2, len(steps))):
                inner = prefix + "/".join(steps[:depth])
                entries[inner] = {"type": "directory", "path": inner, "oid": "0" * 40, "size": 0}
            if recursive or len(steps) == 1:
                entries[path] = stored.entry(path)
        if folder and not entries:
            return self._error(404, "EntryNotFound", "no such folder")
        return self._json(list(entries.values()))

    def _paths_info(self, files: dict[str, Stored]) -> None:
        body = self.body.decode()
        if body.startswith("{"):
            wanted = json.loads(body)["paths"]
        else:
            pairs = [pair.partition("=") for pair in body.split("&")]
            wanted = [unquote(value.replace("+", " ")) for key, _, value in pairs if key == "paths"]
        wanted = [wanted] if isinstance(wanted, str) else wanted
        entries = []
        for path in wanted:
            if path in files:
                entries.append(files[path].entry(path))
            elif any(each.startswith(f"{path}/") for each in files):
                entries.append({"type": "directory", "path": path, "oid": "0" * 40, "size": 0})
        return self._json(entries)

    def _lfs_batch(self) -> None:
        if self.token != GOOD:
            return self._error(403, "", "Forbidden")
        objects = []
        for wanted in json.loads(self.body)["objects"]:
            item = {"oid": wanted["oid"], "size": wanted["size"]}
            if wanted["oid"] not in self.hub.objects:
                href = f"{self.hub.endpoint}/lfs/{wanted['oid']}"
                item["actions"] = {"upload": {"href": href}}
            objects.append(item)
        return self._json({"transfer": "basic", "objects": objects})

    def _resolve(self, name: str, revision: str, path: str) -> None:
        repo = self.hub.repos.get(name)
        if repo is None or (repo.private and self.token not in (GOOD, READ_ONLY)):
            return self._error(401, "RepoNotFound", "Repository not found")
        commit = repo.resolve(revision)
        if commit is None:
            return self._error(404, "RevisionNotFound", "no such revision")
        headers = {"X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
        if path not in repo.commits[commit]:
            return self._error(404, "EntryNotFound", "no such file", headers)
        stored = repo.commits[commit][path]
        entry = stored.entry(path)
        headers["ETag"] = f'"{entry["lfs"]["oid"] if stored.large else entry["oid"]}"'
        content, status = stored.content, 200
        if wanted := self.headers.get("Range"):
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            end = min(int(last) if last else len(content) - 1, len(content) - 1)
            headers["Content-Range"] = f"bytes {first}-{end}/{len(content)}"
            content, status = content[int(first) : end + 1], 206
        return self._send(status, content, headers | {"Content-Type": "application/octet-stream"})

    def _error(self, status: int, code: str, message: str, headers: dict | None = None) -> None:
        about = {"X-Error-Code": code} if code else {}
        about |= {"X-Error-Message": message, "Content-Type": "application/json"}
        return self._send(status, json.dumps({"error": message}).encode(), about | (headers or {}))

    def _json(self, content: object) -> None:
        return self._send(200, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
