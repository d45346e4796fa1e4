// Every cell of the matrix: a way to use the package, and how to try it.
import { applications } from './cells/applications.mjs';
import { bothBuilds } from './cells/both-builds.mjs';
import { builders } from './cells/builders.mjs';
import { bundles } from './cells/bundles.mjs';
import { checkers } from './cells/checkers.mjs';
import { clients } from './cells/clients.mjs';
import { nodes } from './cells/nodes.mjs';
import { testRunners } from './cells/test-runners.mjs';
import { typescript } from './cells/typescript.mjs';

/**
 * `group` and `title` name the cell; `quick` ones are part of `make test`. `run` gets a `Bench`, returns the versions
 * that it tried, and throws when the cell fails.
 */
export const cells = [
  ...applications,
  ...testRunners,
  ...builders,
  ...bundles,
  ...typescript,
  ...nodes,
  ...bothBuilds,
  ...clients,
  ...checkers,
];
