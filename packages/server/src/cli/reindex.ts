import { Command, Option } from 'commander'
import { resolveConfig, settings } from '../config.js'

/** `launchtail reindex`: builds the search index anew. */
export function reindexCommand(): Command {
  const { dataDir } = settings
  return new Command('reindex')
    .description(
      'Build the index of the archive anew, while the server is stopped; with DATABASE_URL, while servers run.',
    )
    .addOption(
      new Option('--data-dir <folder>', `the data folder (default: ${dataDir.default})`).env(
        dataDir.env,
      ),
    )
    .addHelpText('after', '\nExamples:\n  $ launchtail reindex --data-dir /var/lib/launchtail\n')
    .action(async (flags: { dataDir?: string }) => {
      const config = resolveConfig({ flags, env: process.env })
      // Loaded here, because no other command needs it.
      const { reindex } = await import('../reindex.js')
      const out = process.stderr
      const count = await reindex({
        ...config,
        onProgress(done, all) {
          if (out.isTTY) out.write(`\r${done} of ${all} entries`)
        },
      })
      if (out.isTTY) out.write('\n')
      process.stdout.write(`${count} entries are indexed\n`)
    })
}
