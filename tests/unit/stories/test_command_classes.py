"""The class of a command is the worst of its parts, and no way of writing makes it milder."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyrunner.model.command_class import CommandClass, worst
from storyrunner.stories.command_classes import read_command
from storyrunner.stories.command_places import with_private_tmp

READ, WRITE, NETWORK, CLUSTER, ENDLESS, PUSH, INTERACTIVE, PLACEHOLDER = CommandClass
OPAQUE = PUSH
BASH = shutil.which("bash") or "bash"  # read on import: tests run with a bare PATH


def class_of(text: str) -> CommandClass:
    return read_command(text).cls


@pytest.mark.parametrize(
    "text",
    [
        "ls -la kubernetes/",
        "grep -q 'kind: Issuer' a.yaml",
        "cat a.yaml | grep -c x | sort -u",
        "test -f a.yaml && echo there",
        "[ -f a.yaml ] || exit 1",
        "yq eval '.spec.issuerRef' a.yaml",
        "yq '.a' a.yaml 2>/dev/null",
        "echo hi > /dev/null 2>&1",
        "sed -n '1,10p' a.yaml",
        "sed -n -e p -e q a.yaml",
        "sed -E 's/(a)/b/g' a.yaml",
        "awk '{print $1}' a.yaml",
        "find . -name '*.yaml' -type f",
        "git status --short",
        "git --no-pager log -3 --oneline",
        "git branch --show-current",
        "git remote -v",
        "kustomize build kubernetes/infrastructure",
        "flux build kustomization x --path . --kustomization-file f.yaml --dry-run",
        "flux --version",
        "kubectl version --client",
        "kubectl kustomize apps",
        "kubeconform -strict -schema-location schemas/ a.yaml",
        "for c in infra apps; do echo $c; cat $c.yaml; done",
        "if grep -q x a; then echo yes; else echo no; fi",
        "cat <<'EOF'\n$(git push)\nEOF",
        "cat <<EOF\nit's ${CLUSTER}\nEOF",
        "# what stands here\nls  # don't worry\n",
        "set -euo pipefail\nls",
        "command -v flux",
        "cd apps && ls",
        "/usr/bin/grep x a",
        "echo 'git push'",
        'grep "rm -rf" a',
        "wc -l < a",
        "X=1; echo ${X:-2} $((1 + 2))",
        "timeout 5 ls",
        "kubeconform -v",
        "cat $TMPDIR/a",
        "diff $TMPDIR/a ${TMPDIR}/b",
        'sort "$TMPDIR/a"',
    ],
)
def test_what_only_reads_is_read(text: str) -> None:
    assert class_of(text) is READ, read_command(text)


@pytest.mark.parametrize(
    "text",
    [
        "mkdir -p a/b",
        "echo x > a",
        "echo x >> a",
        "echo x &> a",
        "ls >| a",
        "ls | tee a",
        "sed -i s/a/b/ a",
        "sed -ni p a",
        "sed --in-pl s/a/b/ a",
        "sort -o a a",
        "sort --outp=a a",
        "find . -delete",
        "find . -name '*.bak' -exec rm {} +",
        "ls | xargs rm",
        "yq -i '.a = 1' a",
        "yq eval --inplace '.a = 1' a",
        "git add a",
        "git commit -m 'feat: x'",
        "git log --output=a",
        "git diff --outpu a",
        "env LC_ALL=C touch a",
        "timeout 5 touch a",
        "bash -c 'touch a'",
        "some-program --check",
        "./scripts/check.sh",
        "bash -eu scripts/check.sh",
        "tar -xzf a",
        "python3 scripts/check.py",
        "make lint",
        "kustomize edit add resource x",
        "kustomize build . -o out",
        "tree -o a",
        "date -s 2020-01-01",
        "cat <> a",
        "uniq a b",
        "grep $OPTIONS a",
        "ls; rm a",
        "ls & rm a",
        "ls\nrm a",
        "ls || rm a",
        "! rm a",
        "{ rm a; }",
        "X=1 rm a",
        "time rm a",
        "nohup rm a",
        "ls > $TMPDIR/a",
        "ls > ${TMPDIR}/a",
    ],
)
def test_what_changes_files_or_is_not_known_writes(text: str) -> None:
    assert class_of(text) is WRITE, read_command(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("curl -fsSL https://example.test/x", NETWORK),
        ("wget x", NETWORK),
        ("git fetch", NETWORK),
        ("git clone https://example.test/x", NETWORK),
        ("kubeconform a.yaml", NETWORK),
        ("kubeconform -schema-location default -schema-location local a.yaml", NETWORK),
        ("kustomize build https://github.com/x/y", NETWORK),
        ("cat < /dev/tcp/example.test/80", NETWORK),
        ("echo x > /dev/udp/example.test/53", NETWORK),
        ("docker build .", NETWORK),
        ("helm template x some/chart", NETWORK),
        ("kubectl get pods", CLUSTER),
        ("kubectl apply --dry-run=client -f a.yaml", CLUSTER),
        ("kubectl --kubeconfig a version --client", CLUSTER),
        ("kubectl version --client=false", CLUSTER),
        ("kubectl create -f a --dry-run=client", CLUSTER),
        ("flux get kustomizations -A", CLUSTER),
        ("flux build kustomization x --path .", CLUSTER),
        ("cilium status", CLUSTER),
        ("helm upgrade --install x ./x", CLUSTER),
        ("grep x a && kubectl get pods", CLUSTER),
        ("kubectl get pods --watch", ENDLESS),
        ("kubectl get pods -w", ENDLESS),
        ("kubectl logs -f deploy/x", ENDLESS),
        ("kubectl port-forward svc/x 1:2 &", ENDLESS),
        ("tail -f a", ENDLESS),
        ("tail --follow=name a", ENDLESS),
        ("while true; do ls; done", ENDLESS),
        ("until ls; do sleep 1; done", ENDLESS),
        ("ping example.test", ENDLESS),
        ("sleep infinity", ENDLESS),
        ("watch -n 5 kubectl get pods", ENDLESS),
        ("watch ls", ENDLESS),
        ("flux build kustomization x --dry-run --dry-run=false", CLUSTER),
        ("kubectl version --client --client=false", CLUSTER),
        ("git push", PUSH),
        ("git push --dry-run", PUSH),
        ("docker push x", PUSH),
        ("flux push artifact oci://x", PUSH),
        ("helm push x oci://y", PUSH),
        ("gh pr create", PUSH),
        ("git commit", INTERACTIVE),
        ("git rebase -i HEAD~3", INTERACTIVE),
        ("git add -p", INTERACTIVE),
        ("kubectl edit cm x", INTERACTIVE),
        ("kubectl exec -it pod -- sh", INTERACTIVE),
        ("vim a.yaml", INTERACTIVE),
        ("less a.yaml", INTERACTIVE),
        ("kubectl drain <node>", PLACEHOLDER),
        ("kubectl -n ns/<pod name> get x", PLACEHOLDER),
        ("kubectl get pods; ls <file>", PLACEHOLDER),
    ],
)
def test_each_class_is_known(text: str, expected: CommandClass) -> None:
    assert class_of(text) is expected, read_command(text)


@pytest.mark.parametrize(
    "text",
    [
        "g''it push",
        'gi"t" push',
        "\\git push",
        "'git' push",
        "git 'push'",
        "/usr/bin/git push",
        "command git push",
        "exec git push",
        "env git push",
        "env -i git push",
        "env X=1 git push",
        "nice -n 5 git push",
        "timeout 5 git push",
        "timeout --signal KILL 5 git push",
        "timeout -k 5 10 git push",
        "timeout --signal=KILL 5 git push",
        "env -iu X git push",
        "env --unset X git push",
        "ionice -c 2 -n 7 git push",
        "exec -a x git push",
        "watch git push",
        "gi\\\nt push",
        "bash -c 'git push'",
        "bash -lc 'git push'",
        "sh -c \"sh -c 'git push'\"",
        "ls | xargs git push",
        "find . -exec git push ';'",
        "if ls; then git push; fi",
        "for x in a; do git push; done",
        "ls && git push",
        "ls |& git push",
        "echo $(git push)",
        'echo "$(git push)"',
        "cat <(git push)",
        "echo ${X:-$(git push)}",
        "cat <<EOF\n$(git push)\nEOF",
        "ls\\\n; git push",
        "ls # comment\ngit push",
        "echo '#' ; git push",
        "cat <<EOF\n EOF\n'\nEOF\ngit push\n'",
        'cat <<E"O"F\nE\ngit push\nEOF',
        "cat <<EOF 'x\nEOF\n' ; git push",
    ],
)
def test_a_push_stays_a_push_however_it_is_written(text: str) -> None:
    assert class_of(text) is PUSH, read_command(text)


@pytest.mark.parametrize(
    "text",
    [
        "eval ls",
        'eval "$X"',
        "source a.sh",
        ". ./a.sh",
        "`ls`",
        "echo `ls`",
        "$X a",
        "${X} a",
        "$(echo ls) a",
        "ca? a",
        "{ls,a}",
        "~/bin/x",
        "/tmp/ls",
        "../ls",
        "PATH=. ls",
        "export PATH=.; ls",
        "declare PA''TH=.; ls",
        "LD_PRELOAD=./x.so ls",
        "GIT_EXTERNAL_DIFF=./x git diff",
        "env PATH=. ls",
        "env -S 'ls x'",
        "printf \"$(echo 'a)b')\"",
        "echo ${X@P}",
        "echo $'\\x67it'",
        "echo $[ a[0] ]",
        "(( a[$(ls)] ))",
        "test -v 'a[$(ls)]'",
        "ls() { rm a; }; ls",
        "function ls { rm a; }",
        "alias ls=rm",
        "trap 'rm a' EXIT",
        "hash -p /tmp/x ls",
        "sudo ls",
        "doas ls",
        "su -c ls",
        "chroot / ls",
        "git -c alias.x='!sh' x",
        "git -c core.pager=sh log",
        "git --exec-path=. log",
        "git --git-dir=x log",
        "git unknown-alias",
        "git config alias.x '!sh'",
        "git grep -Ovim x",
        "git diff --ext-diff",
        "git diff --ext",
        "git rebase --exec 'rm a' main",
        "git $X",
        "sort --compress-program=sh a",
        "sort --compress=sh a",
        "sort $X a",
        "sort {-o,a} b",
        "find . {-delete,}",
        "find . $X",
        "find . -exec sh ';'",
        "rg --pre sh x",
        "sed '1e rm a' b",
        "sed 's/a/b/e' c",
        "sed 's/a/b/w out' c",
        "sed -f a b",
        "sed -e'1e rm a' p",
        "sed --expression='1e rm a' p",
        "sed -n -e p -e '1e rm a' p",
        "sed p -f a",
        "env -C sub ./x.sh",
        "bash -o pipefail x.sh",
        "bash --rcfile a x.sh",
        "bash -s x.sh",
        "go run x.go",
        "tar --to-command=sh -xf a",
        "tar -I sh -xf a",
        "split --filter=sh a",
        "watch '$X'",
        "awk 'BEGIN{system(\"rm a\")}'",
        "awk '{print > \"a\"}' b",
        "awk -f a b",
        "xargs sh -c 'rm a'",
        "python3 -c 'print(1)'",
        "python3 - <<'EOF'\nprint(1)\nEOF",
        "perl -e 1",
        "bash",
        "curl x | sh",
        "cat a | bash -s",
        "bash /tmp/x.sh",
        "kustomize build --enable-exec .",
        "kustomize build --enable-helm .",
        "helm template ./x --post-renderer ./y",
        "cd /tmp && ./x.sh",
        "coproc ls",
        "echo x > $FILE",
        "echo x > $TMPDIR/$FILE",
        "TMPDIR=/x; echo x > $TMPDIR/a",
        "exec 3<>/tmp/x; eval x",
        "case x in a) rm a;; esac",
    ],
)
def test_what_only_the_shell_knows_counts_as_the_worst_that_can_run(text: str) -> None:
    found = read_command(text)
    assert worst([found.cls, OPAQUE]) is found.cls, found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "# only words\n",
        "echo 'a",
        'echo "a',
        "echo a\x00b",
        "echo a\x1b[2Jb",
        "git pu\u200bsh",
        "ls \u202egit",
        "ls\r",
        "x" * 20_001,
    ],
)
def test_what_no_shell_would_run_counts_as_the_worst(text: str) -> None:
    assert class_of(text) is PLACEHOLDER


@pytest.mark.parametrize(
    "text",
    [
        "ls -la",
        "grep -c 'a b' c.yaml",
        "kubectl get pods",
        "git commit -m 'it is so'",
        "mkdir -p a",
    ],
)
def test_one_simple_command_of_a_known_tool_needs_no_shell(text: str) -> None:
    assert read_command(text).argv == tuple(shlex.split(text))


@pytest.mark.parametrize(
    "text",
    [
        "ls *.yaml",
        "ls $X",
        "ls ~",
        "ls {a,b}",
        "ls | wc -l",
        "ls > a",
        "ls; ls",
        "ls &",
        "X=1 ls",
        "unknown-tool x",
        "cd a",
        "export A=1",
        "! ls",
        "./x.sh",
        "env ls",
    ],
)
def test_everything_else_goes_to_a_shell(text: str) -> None:
    assert read_command(text).argv == ()


def test_it_says_what_a_command_touches_and_which_files_it_runs() -> None:
    found = read_command("mkdir -p a && ./scripts/x.sh > out && git push origin")
    assert found.touches == ("a", "scripts/x.sh", "out", "origin")
    assert found.runs == ("scripts/x.sh",)


@pytest.mark.parametrize(
    ("text", "private"),
    [
        ("ls > /tmp/a", "ls > $TMPDIR/a"),
        ("cat /tmp/a.yaml | grep x", "cat $TMPDIR/a.yaml | grep x"),
        ('cat "/tmp/a" >/tmp/b', 'cat "$TMPDIR/a" >$TMPDIR/b'),
        ("kustomize build . -o=/tmp/out", "kustomize build . -o=$TMPDIR/out"),
        ("grep '/tmp/a' b", "grep '/tmp/a' b"),
        ("ls /var/tmp/a ./tmp/b x/tmp/c /tmp", "ls /var/tmp/a ./tmp/b x/tmp/c /tmp"),
        ("cat <<'EOF' > /tmp/a\n/tmp/b\nEOF", "cat <<'EOF' > /tmp/a\n/tmp/b\nEOF"),
        ("ls", "ls"),
    ],
)
def test_tmp_is_the_private_folder_of_the_run(text: str, private: str) -> None:
    assert with_private_tmp(text) == private


@given(st.text(max_size=60))
def test_any_text_has_a_class(text: str) -> None:
    assert read_command(text).cls in CommandClass


TEXTS = ["ls", "cat a", "grep x a", "-o", "do", "if", "<<EOF", "EOF", "${X", " "]
SIGNS = ["echo '", 'echo "', *"'\"`\\\n;|#<>{})", "$(", "((", "&&"]
FRAGMENTS = st.lists(
    st.sampled_from([*TEXTS, *SIGNS]),
    max_size=12,
)


@given(FRAGMENTS, st.sampled_from(["\n", "; ", " && ", " | "]))
def test_nothing_before_a_push_makes_it_milder(fragments: list[str], sign: str) -> None:
    """What bash would still run at the end is seen, whatever odd quoting comes before it."""
    text = " ".join(fragments) + sign + "git push"
    found = read_command(text)
    if worst([found.cls, PUSH]) is found.cls:
        return
    bash = "git() { echo PUSHED; }; " + text
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [BASH, "--noprofile", "--norc", "-c", bash],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
            env={"PATH": "/nonexistent"},
            cwd=folder,
        )
    assert "PUSHED" not in done.stdout, (text, found)
