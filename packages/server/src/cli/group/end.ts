import { Command } from 'commander'
import { connect, type ServerFlags, withServer } from '../connection.js'

/** `launchtail group terminate`. */
export function terminateGroupCommand(): Command {
  return withServer(new Command('terminate'))
    .description('Terminate all nodes of a group.')
    .argument('<group>', 'its id')
    .action(async (id: string, flags: ServerFlags) => {
      await (await connect(flags)).terminateGroup(id)
      process.stdout.write(`${id} is being terminated\n`)
    })
}

/** `launchtail group delete`. */
export function deleteGroupCommand(): Command {
  return withServer(new Command('delete'))
    .description('Delete a group, its nodes and their logs. It must be terminated first.')
    .argument('<group>', 'its id')
    .action(async (id: string, flags: ServerFlags) => {
      await (await connect(flags)).deleteGroup(id)
      process.stdout.write(`${id} is deleted\n`)
    })
}
