import { Command } from 'commander'
import { addCommand } from './add.js'
import { changeCommand } from './change.js'
import { deliveriesCommand } from './deliveries.js'
import { listCommand } from './list.js'
import { redeliverCommand } from './redeliver.js'
import { enableCommand, removeCommand, rotateCommand } from './single.js'
import { testCommand } from './test.js'

/** `launchtail webhooks`: manages where messages about launches are sent. */
export function webhooksCommand(): Command {
  const group = new Command('webhooks')
    .description('Send messages about launches to programs and chats.')
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail webhooks add https://hooks.example.com/launches
  $ launchtail webhooks test wh_0123456789abcdef0123
  $ launchtail webhooks deliveries wh_0123456789abcdef0123 --state dead
`,
    )
  const commands = [
    listCommand(),
    addCommand(),
    changeCommand(),
    testCommand(),
    deliveriesCommand(),
    redeliverCommand(),
    rotateCommand(),
    enableCommand(),
    removeCommand(),
  ]
  for (const command of commands) group.addCommand(command)
  return group
}
