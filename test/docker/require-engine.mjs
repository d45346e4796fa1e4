/** Ends the run with one clear message, instead of a failure of each test, if no container engine answers. */
export default async function requireEngine() {
  const { getContainerRuntimeClient } = await import('testcontainers');
  try {
    await getContainerRuntimeClient();
  } catch (cause) {
    throw new Error(
      'No container engine answers. Start Docker or Podman, or set DOCKER_HOST to an engine that runs, ' +
        'for example DOCKER_HOST=unix:///run/user/1000/podman/podman.sock; then run "make test-docker" again.',
      { cause },
    );
  }
}
