// Waits for a condition of the real world, with patience for a busy machine.

export async function until(
  is: () => boolean | Promise<boolean>,
  limit = 20_000,
  every = 2,
): Promise<void> {
  const end = performance.now() + limit;
  while (!(await is())) {
    if (performance.now() > end) throw new Error(`not within ${limit} ms: ${is.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}
