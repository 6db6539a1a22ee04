import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/** Encrypts a value for the database. It is bound to `about`, and opens for nothing else. */
export function seal(key: Buffer, about: string, value: unknown): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(about))
  const sealed = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()])
  const parts = [iv, cipher.getAuthTag(), sealed].map((part) => part.toString('base64url'))
  return ['v1', ...parts].join('.')
}

/** Decrypts a sealed value. Throws if it was sealed with another key, or about something else. */
export function unseal<T>(key: Buffer, about: string, text: string): T {
  const [version, ...rest] = text.split('.')
  const [iv, tag, sealed] = rest.map((part) => Buffer.from(part, 'base64url'))
  if (version !== 'v1' || !iv || tag?.length !== 16 || !sealed)
    throw new Error('not a sealed value')
  const cipher = createDecipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(about)).setAuthTag(tag)
  return JSON.parse(Buffer.concat([cipher.update(sealed), cipher.final()]).toString('utf8')) as T
}
