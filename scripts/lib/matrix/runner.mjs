/**
 * Runs a cell. Its seconds are those without the installation of packages.
 *
 * @returns {Promise<{ group: string, title: string, seconds: number, versions?: string, error?: string }>}
 */
export async function runCell({ group, title, run }, bench) {
  const now = () => performance.now() - bench.preparing;
  const start = now();
  const seconds = () => Math.round((now() - start) / 100) / 10;
  try {
    const versions = await run(bench);
    return { group, title, seconds: seconds(), versions };
  } catch (error) {
    return { group, title, seconds: seconds(), error: error.message };
  }
}
