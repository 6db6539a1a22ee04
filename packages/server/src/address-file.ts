import { rm, writeFile } from 'node:fs/promises'

export interface AddressFile {
  remove(): Promise<void>
}

/** Writes the address into the data folder, where the command line finds it beside the token. */
export async function writeAddress(file: string, url: string): Promise<AddressFile> {
  await writeFile(file, `${dialable(url)}\n`, { mode: 0o600 })
  return { remove: () => rm(file, { force: true }) }
}

/** A server that listens on all addresses is reached on this machine's own. */
function dialable(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
}
