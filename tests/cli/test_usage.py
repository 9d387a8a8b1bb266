"""A wrong command line: exit 2, the word is named, the help is pointed to."""

import os
import unittest

from harness import Case

# words, what stderr says
WRONG = [
    ((), "no command"),
    (("--nonsense",), "unknown option '--nonsense'"),
    (("nonsense",), "no command 'nonsense'"),
    (("-d",), "-d needs a value: FILE"),
    (("init", "extra"), "'extra' is one argument too many"),
    (("init", "--wal=1"), "--wal takes no value"),
    (("init", "-d", ""), "the name of the file is empty"),
    (("list", "--limit", "0"), "--limit: '0' is not a whole number from 1"),
    (("list", "--limit", "ten"), "'ten' is not a whole number"),
    (("list", "state:lost"), "'state:lost': a state is pending"),
    (("list", "kind:renewal"), "'kind:renewal': no such word"),
    (("list", "state:failed", "state:failed"), "'state:' stands here twice"),
    (("list", "age:2h"), "'age:2h': an age is age:<2h (younger)"),
    (("list", "user:\"a b"), "the closing double quote is missing"),
    (("show",), "ID is missing"),
    (("show", "x"), "'x' is no id"),
    (("show", "0"), "'0' is no id"),
    (("show", "1", "2"), "'2' is one argument too many"),
    (("status", "--jsn"), "unknown option '--jsn'"),
    (("map", "--sandbox-events", "drop"), "'drop' is none of: send, skip"),
    (("run", "--region", "mars"), "'mars' is none of: us, eu, au"),
    (("run", "--region", "eu", "--api-url", "http://127.0.0.1:1"),
     "--region and --api-url are two destinations"),
    (("run", "--timeout", "soon"), "'soon' is not a duration"),
    (("run", "--timeout", "1ms"), "'1ms' is not from 100 ms"),
    (("run", "--drain-wait", "1s"), "--drain-wait needs --drain"),
    (("run", "--connections", "0"), "--connections: '0'"),
    (("run", "--token", "secret"), "unknown option '--token'"),
    (("run", "word"), "'word' is one argument too many"),
    (("sandbox", "-d", "x.db"), "sandbox uses no database file"),
    (("-d", "x.db", "demo"), "demo uses no database file"),
    (("sandbox", "--listen", "nowhere"), "does not end with a port"),
    (("sandbox", "--listen", "localhost:1"), "a numeric address"),
    (("sandbox", "--faults", "nonsense:1"), "nonsense"),
    (("help", "nonsense"), "no command 'nonsense'"),
]


class Usage(Case):
    def test_what_is_wrong_is_named_and_nothing_is_done(self):
        for words, text in WRONG:
            with self.subTest(words=words):
                out, said = self.expect(2, *words)
                self.assertEqual(out, "")
                self.assertIn(text, said)
                self.assertIn("--help", said)
                self.assertEqual(os.listdir(self.folder), [])

    def test_a_usage_error_names_its_command(self):
        _, said = self.expect(2, "list", "--nonsense")
        self.assertEqual(said, "subrelay list: unknown option '--nonsense'\n"
                               "See: subrelay list --help\n")

    def test_control_characters_of_a_word_are_not_obeyed(self):
        _, said = self.expect(2, "\033[31mred")
        self.assertNotIn("\033", said)

    def test_the_database_is_named_before_or_after_the_command(self):
        self.expect(0, "-d", "one.db", "init")
        self.expect(0, "init", "-d", "two.db")
        self.expect(0, "init", "--database=three.db")
        self.expect(0, "init", env={"SUBRELAY_DB": "four.db"})
        self.expect(0, "-d", "five.db", "init", env={"SUBRELAY_DB": "no.db"})
        self.expect(0, "init", env={"SUBRELAY_DB": ""})
        made = {name for name in os.listdir(self.folder)
                if name.endswith(".db")}
        self.assertEqual(made, {"one.db", "two.db", "three.db", "four.db",
                                "five.db", "outbox.db"})


if __name__ == "__main__":
    unittest.main()
