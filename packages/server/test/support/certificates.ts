import { execFileSync } from 'node:child_process'
import { chownSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './processes.js'

export interface Certificate {
  readonly key: string
  readonly certificate: string
}

export interface Authority {
  /** The file with its own certificate, for those who are to believe it. */
  readonly file: string
  /** A certificate for these names, as `DNS:localhost` or `IP:127.0.0.1`. */
  issue(names: readonly string[], options?: { days?: number }): Certificate
  /** One that nobody vouches for. */
  selfSigned(names: readonly string[]): Certificate
  /** Makes the files of a certificate somebody's. */
  giveTo(owner: { uid?: number; gid?: number }, certificate: Certificate): void
}

/** An authority for certificates, made by OpenSSL in a folder of its own that everybody may read. */
export async function createAuthority(): Promise<Authority> {
  const folder = await temporaryFolder()
  const at = (name: string) => join(folder, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' })
  const newKey = ['-newkey', 'rsa:2048', '-nodes']
  execFileSync('chmod', ['755', folder])
  const own = { key: at('authority.key'), certificate: at('authority.crt') }
  openssl(
    'req',
    '-x509',
    ...newKey,
    ...filesOf(own),
    '-days',
    '2',
    '-subj',
    '/CN=authority of the test',
  )
  let count = 0
  return {
    file: own.certificate,
    issue(names, { days = 2 } = {}) {
      count += 1
      const issued = { key: at(`${count}.key`), certificate: at(`${count}.crt`) }
      const [request, extensions] = [at(`${count}.csr`), at(`${count}.ext`)]
      writeFileSync(extensions, `subjectAltName=${names.join()}\n`)
      openssl('req', ...newKey, '-keyout', issued.key, '-out', request, '-subj', '/CN=issued')
      openssl(
        ...['x509', '-req', '-in', request, '-CA', own.certificate, '-CAkey', own.key],
        ...['-CAcreateserial', '-extfile', extensions, '-days', String(days)],
        ...['-out', issued.certificate],
      )
      return issued
    },
    selfSigned(names) {
      const made = { key: at('self.key'), certificate: at('self.crt') }
      const subject = ['-subj', '/CN=self', '-addext', `subjectAltName=${names.join()}`]
      openssl('req', '-x509', ...newKey, ...filesOf(made), '-days', '2', ...subject)
      return made
    },
    giveTo({ uid, gid }, { key, certificate }) {
      if (uid === undefined || gid === undefined) return
      for (const file of [key, certificate]) chownSync(file, uid, gid)
    },
  }
}

function filesOf({ key, certificate }: Certificate): string[] {
  return ['-keyout', key, '-out', certificate]
}
