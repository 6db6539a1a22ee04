import { Command, Option } from 'commander'
import { addressOf, connect, withServer } from '../connection.js'
import { CliError } from '../exit.js'
import { durationFlag } from '../flags.js'
import { NODE_ARGUMENT } from '../node-names.js'
import type { PipeFlags } from './pipe-flags.js'
import { pipe } from './pipe-launch.js'

/** `launchtail pipe`: shows a program's output, sends it to a node's log, and says how it ended. */
export function pipeCommand(): Command {
  return withServer(new Command('pipe'))
    .description('Run a command that launches a node, and send its output and its end to the log.')
    .argument('<node>', NODE_ARGUMENT)
    .argument('[command...]', 'the command, after "--"; without one, standard input is read')
    .option('--create', 'create the node if it does not exist')
    .option('--provider <name>', 'with --create: who runs the machine')
    .option('--region <name>', 'with --create: where it is')
    .option('--gpu <name>', 'with --create: its GPU')
    .option('--model <name>', 'with --create: the model it serves')
    .addOption(
      new Option(
        '--ready-url <address>',
        'the node is active when this answers 2xx; it is asked from this machine',
      ).argParser(addressOf),
    )
    .addOption(
      new Option(
        '--endpoint [address]',
        'where the node serves; without --ready-url, it is asked whether it is ready. Without an address, it is read from the output',
      ).argParser(addressOf),
    )
    .addOption(
      durationFlag(
        '--ready-timeout <time>',
        'fail if the server is not ready this long after the command has ended',
        '30m',
      ),
    )
    .addOption(
      durationFlag(
        '--lost-after <time>',
        'the launch fails as "lost" when nothing is heard of this command for so long',
        '10m',
      ),
    )
    .addHelpText('after', HELP)
    .action(async (name: string, command: string[], flags: PipeFlags) => {
      if (flags.lostAfter < 1000) throw new CliError('--lost-after must be at least 1s')
      process.exitCode = await pipe(await connect(flags), name, command, flags)
    })
}

const HELP = `
The output is shown here too, and the exit code is that of the command. If the command fails, so does the
node's launch, for the reason that the output shows. If it succeeds, the node is active as soon as its
server is ready; the command line waits for that, and exits with 2 if it fails. While the server of the log
is away, up to 16 MiB are kept and sent when it is back. Anything beyond that is lost, and the log says how
much.

Examples:
  $ launchtail pipe my-node --create -- sky launch -y task.yaml
  $ launchtail pipe my-node --ready-url http://10.0.0.7:8000/health -- ./deploy.sh
  $ launchtail pipe my-node --endpoint -- modal deploy serve.py
  $ ./deploy.sh 2>&1 | launchtail pipe my-node
`
