import { beforeEach, expect, test, vi } from "vitest";

const page = Object.assign(new EventTarget(), { hidden: false });
const browser = new EventTarget();
const network = { onLine: true };
vi.stubGlobal("window", browser);
vi.stubGlobal("document", page);
vi.stubGlobal("navigator", network);
const { noRetry, noteAnswer, noteAway, retryLater } = await import("./retry");
const { endSession } = await import("./sessionEnd");

const run = vi.fn();

beforeEach(() => {
  vi.useFakeTimers();
  endSession();
  run.mockReset();
  page.hidden = false;
  network.onLine = true;
});

test("the pause doubles up to half a minute", () => {
  const tries: number[] = [];
  run.mockImplementation(() => {
    tries.push(Date.now() / 1000);
    retryLater("list", run);
  });
  const start = Date.now() / 1000;
  retryLater("list", run);
  vi.advanceTimersByTime(200_000);
  run.mockReset();
  const pauses = tries.map((at, index) => at - (tries[index - 1] ?? start));
  for (const [index, least] of [1, 2, 4, 8, 16, 30, 30].entries()) {
    expect(pauses[index]).toBeGreaterThanOrEqual(least);
    expect(pauses[index]).toBeLessThanOrEqual(least * 1.25);
  }
});

test("success starts the pauses anew", () => {
  for (let failures = 0; failures < 5; failures += 1) retryLater("list", run);
  noRetry("list");
  retryLater("list", run);
  vi.advanceTimersByTime(1250);
  expect(run).toHaveBeenCalledOnce();
});

test("nothing is tried offline, and everything at once when the network is back", () => {
  network.onLine = false;
  retryLater("list", run);
  vi.advanceTimersByTime(600_000);
  expect(run).not.toHaveBeenCalled();
  network.onLine = true;
  browser.dispatchEvent(new Event("online"));
  expect(run).toHaveBeenCalledOnce();
});

test("a hidden page tries only what works in the background", () => {
  const upload = vi.fn();
  page.hidden = true;
  retryLater("list", run);
  retryLater("uploads", upload, { inBackground: true });
  vi.advanceTimersByTime(60_000);
  expect(run).not.toHaveBeenCalled();
  expect(upload).toHaveBeenCalledOnce();
  page.hidden = false;
  page.dispatchEvent(new Event("visibilitychange"));
  expect(run).toHaveBeenCalledOnce();
});

test("the first answer after an outage tries everything at once", () => {
  noteAway();
  retryLater("list", run);
  noteAnswer();
  expect(run).toHaveBeenCalledOnce();
});

test("nothing is tried before the server allows it", () => {
  retryLater("list", run, { seconds: 120 });
  vi.advanceTimersByTime(119_000);
  browser.dispatchEvent(new Event("online"));
  expect(run).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1000);
  expect(run).toHaveBeenCalledOnce();
});

test("the end of a session ends its retries", () => {
  retryLater("list", run);
  endSession();
  vi.advanceTimersByTime(600_000);
  expect(run).not.toHaveBeenCalled();
});
