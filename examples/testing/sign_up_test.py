"""Mail that an app sends, tested from Python with nothing but its standard library: the office is a process of the test run,
started by it, seen over HTTP, and gone when the run ends, however it ends. The command `poplar` has to be in the PATH:
`npm install --global poplar-mail`, or the folder `node_modules/.bin` of where it was installed."""

import json
import poplib
import smtplib
import subprocess
import unittest
import urllib.error
import urllib.parse
import urllib.request
from email.message import EmailMessage


class Office:
    """`poplar serve --test` on free ports; it ends when its standard input does."""

    def __init__(self):
        command = ["poplar", "serve", "--test", "--ephemeral", "--json", "--until-stdin-ends"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ready = json.loads(self.process.stdout.readline())
        self.api = ready["api"]
        self.ports = {each["service"]: each["port"] for each in ready["listeners"]}

    def close(self):
        self.process.communicate()

    def ask(self, method, path, body=None, **query):
        url = f"{self.api}{path}?{urllib.parse.urlencode(query)}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
            return json.loads(text) if text else None


def sign_up(address, smtp_port):
    """What is tested: an app that mails a code to whoever signs up."""
    message = EmailMessage()
    message["From"] = "App <hello@app.example>"
    message["To"] = address
    message["Subject"] = "Confirm your address"
    message.set_content("Your verification code is 482 913.")
    with smtplib.SMTP("127.0.0.1", smtp_port) as smtp:
        smtp.send_message(message)


class SignUpTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.office = Office()
        cls.addClassCleanup(cls.office.close)

    def test_mails_a_code(self):
        # Any address receives; its mailbox is made when mail is for it.
        sign_up("customer@example.net", self.office.ports["smtp"])
        message = self.office.ask("GET", "/wait", to="customer@example.net", timeout=5000)
        self.assertEqual(message["subject"], "Confirm your address")
        self.assertEqual(message["codes"], ["482913"])

    def test_the_mail_is_fetched_by_pop3(self):
        mailbox = self.office.ask("POST", "/mailboxes", {})
        sign_up(mailbox["address"], self.office.ports["smtp"])
        pop3 = poplib.POP3("127.0.0.1", self.office.ports["pop3"])
        pop3.user(mailbox["name"])
        pop3.pass_(mailbox["password"])
        _, lines, _ = pop3.retr(1)
        pop3.quit()
        self.assertIn(b"Your verification code is 482 913.", lines)

    def test_a_server_that_is_busy(self):
        mailbox = self.office.ask("POST", "/mailboxes", {})
        self.office.ask("POST", "/chaos", {"fault": "in-use", "user": mailbox["name"], "nth": 1})
        for expected in ("-ERR [IN-USE]", "+OK"):
            pop3 = poplib.POP3("127.0.0.1", self.office.ports["pop3"])
            pop3.user(mailbox["name"])
            try:
                said = pop3.pass_(mailbox["password"])
            except poplib.error_proto as error:
                said = error.args[0]
            self.assertTrue(said.decode().startswith(expected), said)
            pop3.quit()

    def test_nobody_else_is_written_to(self):
        with self.assertRaises(urllib.error.HTTPError) as refused:
            self.office.ask("GET", "/wait", to="nobody@example.net", timeout=10)
        self.assertEqual(refused.exception.code, 404)
        self.assertIn("no message to nobody@example.net", json.load(refused.exception)["detail"])


if __name__ == "__main__":
    unittest.main()
