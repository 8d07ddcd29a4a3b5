import { expect, test, vi } from "vitest";
import { endSession, withinSession } from "../api/sessionEnd";
import { createStore } from "./store";

test("the end of a session resets every store that does not last", () => {
  const selection = createStore("nothing");
  const theme = createStore("system", { lasting: true });
  const heard = vi.fn();
  selection.subscribe(heard);
  selection.set("a file");
  theme.set("dark");
  endSession();
  expect(selection.get()).toBe("nothing");
  expect(theme.get()).toBe("dark");
  expect(heard).toHaveBeenCalledTimes(2);
});

test("a result of one session does not reach the next", async () => {
  const reached = vi.fn();
  let answer = (_: string) => {};
  let ended = new AbortController().signal;
  const work = (signal: AbortSignal) => {
    ended = signal;
    return new Promise<string>((resolve) => {
      answer = resolve;
    });
  };
  void withinSession(work).then(reached, reached);
  endSession();
  expect(ended.aborted).toBe(true);
  answer("late");
  await new Promise(setImmediate);
  expect(reached).not.toHaveBeenCalled();
});
