import { rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Removes the folders of launches that are over. */
export async function removeFolders(folder: string, launchIds: readonly string[]): Promise<void> {
  for (const launchId of launchIds) {
    await rm(join(folder, launchId), { recursive: true, force: true })
  }
}
