"""The eval suite: how good are the answers, by measures that need no judge.

    cases       questions with what a right answer must hold and stand on (YAML or JSONL)
    metrics     pure functions: an answer and a case in, numbers out
    bootstrap   intervals, and parity between languages
    runner      asks the bot; a crash in one case is recorded and the run goes on
    partial     what an interrupted run has so far
    report      a table in the terminal, a JSON file with commit and settings
    calibrate   chooses the refusal threshold on the cases' dev half

Run it with `python -m eval`.
"""
