"""The manual page and the completions have every command and every option, and
do what they are for in the programs that read them."""

import os
import re
import shlex
import shutil
import subprocess
import unittest

from harness import COMMANDS, LIMIT_S, PROGRAM, Case, environment

BASH = r"""
source "$1"
shift
COMP_WORDBREAKS=$1
COMP_LINE=$2
COMP_POINT=${#2}
COMPREPLY=()
_subrelay
printf '%s\n' "${COMPREPLY[@]}"
"""


def run(*words, stdin="", folder=None):
    done = subprocess.run(words, input=stdin, capture_output=True, text=True,
                          cwd=folder, env=environment(), timeout=LIMIT_S,
                          check=False)
    return done.returncode, done.stdout, done.stderr


class Documents(Case):
    def options_of(self, command):
        """The long options that --help of the command shows."""
        page, _ = self.expect(0, command, "--help")
        return set(re.findall(r"(?m)^ +(?:-\w, )?--([a-z][a-z-]*)", page))

    def choices_of(self, command):
        page, _ = self.expect(0, command, "--help")
        return {name: values.split("|") for name, values in re.findall(
            r"(?m)^ +--([a-z-]+) ([a-z]+(?:\|[a-z]+)+)", page)}

    # --- the manual page ----------------------------------------------------

    def manual(self):
        source, _ = self.expect(0, "help", "--man")
        return self.write("subrelay.1", source)

    def test_mandoc_has_nothing_to_say_of_the_page(self):
        code, out, said = run("mandoc", "-Tlint", "-Wwarning", self.manual())
        self.assertEqual((code, out, said), (0, "", ""))

    def test_the_page_has_everything(self):
        code, page, said = run("mandoc", "-Tutf8", "-Owidth=1000",
                               self.manual())
        self.assertEqual(code, 0, said)
        page = re.sub(".\b", "", page)
        for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS",
                        "FILTERS", "REASONS", "ENVIRONMENT", "FILES",
                        "EXIT STATUS", "EXAMPLES", "SEE ALSO"):
            self.assertRegex(page, rf"(?m)^{section}$")
        parts = dict(zip(COMMANDS, re.split(
            "(?m)^   (?:" + "|".join(COMMANDS) + ")$", page)[1:]))
        self.assertEqual(list(parts), COMMANDS)
        for command in COMMANDS:
            for option in self.options_of(command) - {"help", "version",
                                                      "database"}:
                self.assertIn(f"--{option}", parts[command], command)
            text, _ = self.expect(0, command, "--help")
            example = text.split("Examples:\n")[1].splitlines()[0].strip()
            self.assertIn(example, parts[command])
        for word in ("state:", "event:", "user:", "code:", "reason:", "age:",
                     "id:", "name_archived", "INTERCOM_TOKEN", "SUBRELAY_DB",
                     "outbox.sql"):
            self.assertIn(word, page)

    # --- bash ---------------------------------------------------------------

    def bash(self, line, breaks=" \t\n\"'><=;|&(:"):
        """What bash would offer at the end of the line."""
        script, _ = self.expect(0, "help", "--completion", "bash")
        path = self.write("completion.bash", script)
        code, out, said = run("bash", "-c", BASH, "bash", path, breaks, line,
                              folder=self.folder)
        self.assertEqual((code, said), (0, ""), line)
        return out.split("\n")[:-1] if out != "\n" else []

    def test_bash_offers_commands(self):
        self.assertEqual(self.bash("subrelay "), COMMANDS)
        self.assertEqual(self.bash("subrelay re"), ["retry", "resume"])
        self.assertEqual(self.bash("subrelay -d app.db sta"), ["status"])
        self.assertEqual(self.bash("subrelay nothing"), [])
        self.assertEqual(self.bash("subrelay help ru"), ["run"])

    def test_bash_offers_every_option_of_every_command(self):
        for command in COMMANDS:
            offered = {word[2:] for word in self.bash(f"subrelay {command} --")}
            self.assertEqual(offered, self.options_of(command), command)
        self.assertIn("--database", self.bash("subrelay --"))

    def test_bash_offers_what_an_option_takes(self):
        self.assertEqual(self.bash("subrelay run --region "),
                         ["us", "eu", "au"])
        for command in COMMANDS:
            for option, values in self.choices_of(command).items():
                self.assertEqual(
                    self.bash(f"subrelay {command} --{option} "), values)
        self.assertEqual(self.bash("subrelay run --connections "), [])
        self.write("token.txt", "x")
        self.assertEqual(self.bash("subrelay run --token-file tok"),
                         ["token.txt"])
        self.assertEqual(self.bash("subrelay -d tok"), ["token.txt"])
        self.assertEqual(self.bash("subrelay enqueue --json tok"),
                         ["token.txt"])

    def test_bash_offers_filters_around_the_colon(self):
        self.assertIn("user:", self.bash("subrelay list us"))
        # bash breaks the word at the colon, and puts back what is before it
        self.assertEqual(self.bash("subrelay list state:f"), ["failed"])
        self.assertIn("renewal", self.bash("subrelay retry event:"))
        self.assertIn("name_archived",
                      self.bash("subrelay discard state:failed reason:na"))
        self.assertEqual(self.bash("subrelay list state:f", breaks=" \t\n"),
                         ["state:failed"])

    def test_bash_offers_names(self):
        self.assertEqual(self.bash("subrelay names se"), ["set"])
        self.assertEqual(self.bash("subrelay names set product_"),
                         ["product_change"])

    # --- zsh and fish -------------------------------------------------------

    def test_zsh_takes_it_and_has_every_option(self):
        script, _ = self.expect(0, "help", "--completion", "zsh")
        path = self.write("_subrelay", script)
        self.assertEqual(run("zsh", "-n", path), (0, "", ""))
        parts = re.split(r"(?m)^        ([a-z]+)\)$", script)
        found = dict(zip(parts[1::2], parts[2::2]))
        self.assertEqual(list(found), COMMANDS)
        for command in COMMANDS:
            words = shlex.split(found[command].split(";;")[0])
            offered = {match.group(1) for word in words for match in
                       [re.search(r"--([a-z-]+)[\[}]", word)] if match}
            self.assertEqual(offered, self.options_of(command), command)

    def fish(self, line):
        script, _ = self.expect(0, "help", "--completion", "fish")
        path = self.write("subrelay.fish", script)
        code, out, said = run(
            "fish", "--no-config", "-c",
            f"source {shlex.quote(path)}; complete -C {shlex.quote(line)}",
            folder=self.folder)
        self.assertEqual((code, said), (0, ""), line)
        return [word.split("\t")[0] for word in out.splitlines()]

    def test_fish_offers_commands_options_and_words(self):
        self.assertEqual(sorted(self.fish("subrelay ")), sorted(COMMANDS))
        self.assertEqual(self.fish("subrelay run --region "),
                         ["au", "eu", "us"])
        self.assertIn("state:failed", self.fish("subrelay list state:"))
        for command in ("run", "prune", "help", "list"):
            offered = {word[2:] for word in
                       self.fish(f"subrelay {command} --")
                       if word.startswith("--")}
            self.assertEqual(offered, self.options_of(command), command)

    # --- installed ----------------------------------------------------------

    def test_they_are_installed(self):
        build = os.path.dirname(PROGRAM)
        target = self.path("usr")
        code, _, said = run("cmake", "--install", build, "--prefix", target)
        self.assertEqual(code, 0, said)
        for name in ("bin/subrelay", "share/man/man1/subrelay.1",
                     "share/bash-completion/completions/subrelay",
                     "share/zsh/site-functions/_subrelay",
                     "share/fish/vendor_completions.d/subrelay.fish",
                     "share/subrelay/outbox.sql",
                     "share/subrelay/subrelay.service"):
            self.assertTrue(os.path.getsize(os.path.join(target, name)), name)
        with open(os.path.join(target, "share/man/man1/subrelay.1"),
                  encoding="utf-8") as file:
            self.assertEqual(file.read(), self.expect(0, "help", "--man")[0])
        shutil.rmtree(target)

    def test_the_service_calls_us_as_we_are(self):
        path = os.path.join(os.path.dirname(PROGRAM), "subrelay.service")
        with open(path, encoding="utf-8") as file:
            unit = dict(line.split("=", 1) for line in file
                        if re.match(r"\w+=", line))
        for key, words in (("ExecStartPre", ["init"]), ("ExecStart", ["run"])):
            line = unit[key].replace("${STATE_DIRECTORY}", self.folder)
            program, option, database, *rest = line.split()
            self.assertEqual(os.path.basename(program), "subrelay")
            self.assertTrue(os.path.isabs(program))
            self.assertEqual([option, database, *rest],
                             ["-d", self.path("outbox.db"), *words])
        self.expect(0, "-d", self.path("outbox.db"), "init")
        # the credential has the name that run looks for
        name = unit["LoadCredential"].split(":")[0]
        self.assertIn(f"credential {name}",
                      " ".join(self.expect(0, "run", "--help")[0].split()))


if __name__ == "__main__":
    unittest.main()
