"""python3 chat_families.py FOLDER OUT.json

Renders the chat templates of the families for which tests/golden/chat/renderings.json has none, with Jinja2 set up as
transformers sets it up.  FOLDER holds the published templates as FAMILY.jinja; they are not kept here.  later.json gets
LATER, another name FAMILIES.  A conversation
that the template refuses is recorded as such.  Prints the SHA-256 by which policy/chat_template.c knows each template."""
import hashlib
import json
import os
import sys

import jinja2
import jinja2.sandbox

S = {"bos_token": "<s>", "eos_token": "</s>"}
LLAMA = {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"}
FAMILIES = ["chatml-defined", "gemma-2", "llama-3", "llama-3.1", "llama-3.2", "mistral-nemo", "mistral-v0.1", "mistral-v0.2",
            "mistral-v1", "mistral-v3"]
LATER = ["gemma-3", "gemma-3n", "mistral-nemo-first", "qwen2-instruct", "qwen2.5-base", "qwen2.5-instruct-first", "qwen3",
         "qwen3-first", "qwen3-instruct-2507"]
GEMMA = {"bos_token": "<bos>", "eos_token": "<eos>"}
VARIABLES = {
    "chatml-defined": {},
    "gemma-2": GEMMA,
    "gemma-3": GEMMA,
    "gemma-3n": GEMMA,
    "llama-3": LLAMA,
    "llama-3.1": LLAMA,
    "llama-3.2": {**LLAMA, "date_string": "01 Dec 2025"},
    "mistral-nemo": S,
    "mistral-nemo-first": S,
    "mistral-v0.1": S,
    "mistral-v0.2": S,
    "mistral-v1": S,
    "mistral-v3": S,
    "qwen2-instruct": {},
    "qwen2.5-base": {},
    "qwen2.5-instruct-first": {},
    "qwen3": {},
    "qwen3-first": {},
    "qwen3-instruct-2507": {},
}


def said(*turns):
    roles = {"s": "system", "u": "user", "a": "assistant"}
    return [{"role": roles[role], "content": content} for role, content in turns]


CONVERSATIONS = [
    said(("u", "Hi")),
    said(("u", "Hi"), ("a", "Ho")),
    said(("u", "What is 2+2?"), ("a", "4"), ("u", "And 3+3?")),
    said(("u", "one"), ("a", " two \n"), ("u", "\tthree "), ("a", "four"), ("u", "five")),
    said(("s", "Be brief."), ("u", "Hi")),
    said(("s", " Be\nbrief. "), ("u", " Hi "), ("a", "Ho"), ("u", "So?")),
    said(("s", "Be brief."), ("u", "Hi"), ("a", "Ho")),
    said(("u", "\u3000\u00a0wide\u2003\x1f"), ("a", "\u0085caf\u00e9 \U0001f642\u2028")),
    said(("u", "")),
    said(("u", "Hi"), ("u", "Hello?")),
    said(("a", "I begin.")),
    said(("u", "Hi"), ("s", "Be brief."), ("u", "So?")),
]

# Of the families that think: what the newest answers keep and the others lose.
THOUGHTS = [
    said(("u", "Hi"), ("a", "<think>\nA greeting.\n</think>\n\nHo")),
    said(("u", "Hi"), ("a", "<think>\nA greeting.\n</think>\n\nHo"), ("u", "So?"), ("a", "<think>\nHm.\n</think>\n\nSo.")),
    said(("u", "Hi"), ("a", "<think>\nA greeting.\n</think>\n\nHo"), ("u", "So?")),
    said(("u", "Hi"), ("a", "<think>\n\n</think>\n\nHo"), ("a", "<think>one</think>two"), ("a", "\n\nthree")),
    said(("u", "Hi"), ("a", "Ho"), ("a", "more")),
    said(("u", "Hi"), ("a", "\n\nHo\n"), ("u", "So?"), ("a", "\n so")),
    said(("u", "Hi"), ("a", "no beginning\n\n</think>\nHo")),
    said(("u", "Hi"), ("a", "a<think>b<think>\n\nc\n</think>d</think>\n\n e\n<think>f")),
    said(("u", "Hi"), ("a", "<think>\nnever ends")),
    said(("u", "Is <think> a tag?</think>"), ("a", "Yes.")),
    said(("u", "Hi"), ("a", "<think>1</think>Ho"), ("u", "<tool_response>\n4\n</tool_response>"), ("a", "Four.")),
    said(("u", "Hi"), ("a", "<think>1</think>Ho"), ("u", "<tool_response> I say"), ("a", "What?")),
    said(("s", "Be brief."), ("a", "<think>1</think>Ho")),
]


def refuse(message):
    raise jinja2.exceptions.TemplateError(message)


def main(folder, out):
    env = jinja2.sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    env.globals["raise_exception"] = refuse
    cases = []
    for family in LATER if os.path.basename(out) == "later.json" else FAMILIES:
        with open(os.path.join(folder, family + ".jinja"), encoding="utf-8", newline="") as f:
            source = f.read()
        normal = source.replace("\r\n", "\n").replace("\\n", "\n").strip(" \t\r\n")
        print(hashlib.sha256(normal.encode()).hexdigest(), family)
        template = env.from_string(source)
        for messages in CONVERSATIONS + (THOUGHTS if family in ("qwen3", "qwen3-first") else []):
            for prompt in (True, False):
                case = {"template": family, "variables": VARIABLES[family], "messages": messages,
                        "add_generation_prompt": prompt}
                try:
                    case["expected"] = template.render(messages=messages, add_generation_prompt=prompt, **VARIABLES[family])
                except jinja2.exceptions.TemplateError:
                    case["refused"] = True
                cases.append(case)
    with open(out, "w", encoding="utf-8") as f:
        json.dump({"jinja2": jinja2.__version__, "cases": cases}, f, ensure_ascii=True, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
