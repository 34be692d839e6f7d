#!/usr/bin/env python3
"""The snippets of docs/tokens.md make tokens that `pluv token inspect` reads:
tokens_document_test.py PATH_OF_pluv SOURCE_DIR.

Each snippet runs where its language and library are installed; where none is, the test is skipped
(77).
"""

import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

PLUV = pathlib.Path(sys.argv[1]).resolve()
SOURCE = pathlib.Path(sys.argv[2]).resolve()
ROOM = "my-room"
USER = {"id": "u1", "name": "Zoë"}
SKIPPED = 77
ENVIRONMENT = {**os.environ, "PLUV_AUTH_SECRET": "a secret of thirty-two characters"}

DRIVERS = {
    "javascript": f"\nconsole.log(await createToken({json.dumps(ROOM)}, {json.dumps(USER)}));\n",
    "python": f"\n\nprint(create_token({ROOM!r}, {USER!r}))\n",
    "go": """package tokens

import ("fmt"; "os"; "testing"; "time")

func TestToken(t *testing.T) {
	token, err := CreateToken(os.Getenv("PLUV_AUTH_SECRET"), "my-room",
		map[string]any{"id": "u1", "name": "Zoë"}, time.Minute)
	if err != nil { t.Fatal(err) }
	fmt.Println(token)
}
""",
}


def snippet(language):
    text = (SOURCE / "docs/tokens.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- snippet: {language} -->\n```\w+\n(.*?)```\n", text, re.S)
    if not found:
        raise SystemExit(f"docs/tokens.md has no snippet for {language}")
    return found.group(1)


def output(command, folder):
    return subprocess.run(command, cwd=folder, env=ENVIRONMENT, text=True, capture_output=True,
                          timeout=100, check=True).stdout


def javascript(folder):
    modules = SOURCE / "tests/e2e/node_modules"
    if not shutil.which("node") or not (modules / "jose").is_dir():
        return None
    (folder / "node_modules").symlink_to(modules)
    (folder / "token.mjs").write_text(snippet("javascript") + DRIVERS["javascript"])
    return output(["node", "token.mjs"], folder)


def python(folder):
    if importlib.util.find_spec("cryptography") is None:
        return None
    (folder / "token_snippet.py").write_text(snippet("python") + DRIVERS["python"])
    return output([sys.executable, "token_snippet.py"], folder)


def go(folder):
    if not shutil.which("go"):
        return None
    (folder / "go.mod").write_text("module tokens\n\ngo 1.18\n")
    (folder / "tokens.go").write_text(snippet("go"))
    (folder / "tokens_test.go").write_text(DRIVERS["go"])
    return output(["go", "test", "-run", "TestToken", "-v", "."], folder)


def check(language, text):
    token = re.search(r"^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$", text, re.M).group(0)
    read = subprocess.run([PLUV, "token", "inspect", token, "--room", ROOM], env=ENVIRONMENT,
                          text=True, capture_output=True, timeout=30)
    assert read.returncode == 0, f"{language}: {read.stderr}"
    claims = json.loads(read.stdout)
    assert claims["room"] == ROOM and claims["sub"] == f"{ROOM}|u1", claims
    assert claims["user"] == USER, claims
    assert claims["exp"] - claims["iat"] == 60, claims
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
                        claims["jti"]), claims


def main():
    ran = 0
    for run in (javascript, python, go):
        with tempfile.TemporaryDirectory() as folder:
            try:
                text = run(pathlib.Path(folder))
            except subprocess.CalledProcessError as error:
                print(f"{run.__name__}: the snippet failed\n{error.stdout}{error.stderr}")
                return 1
        if text is None:
            print(f"{run.__name__}: skipped, not installed")
            continue
        check(run.__name__, text)
        print(f"{run.__name__}: read")
        ran += 1
    return 0 if ran else SKIPPED


if __name__ == "__main__":
    sys.exit(main())
