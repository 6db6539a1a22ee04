/** What a test puts into an example, and how the proxies are run. */
interface Place {
  readonly port: number
  /** A port of the proxy's own. */
  readonly admin: number
  readonly upstream: string
  readonly folder: string
  readonly certificate: string
  readonly key: string
}

interface Kind {
  /** The file in `examples/proxies`. */
  readonly example: string
  /** What is replaced in it. */
  adapted(place: Place & { timeout: string }): Record<string, string>
  /** What is replaced to put the header `X-Config` on each answer. */
  readonly marked: Record<string, string>
  run(file: string, place: Place): string[]
  reload(file: string, place: Place): string[]
  /** What it leaves behind on the machine. */
  leaves?(place: Place): string[]
  /** True if the program that reloads is the proxy from then on. */
  readonly takesOver?: boolean
}

export type ProxyName = keyof typeof KINDS

const nginx: Kind = {
  example: 'nginx.conf',
  adapted: ({ port, upstream, folder, certificate, key, timeout }) => ({
    'pid /run/nginx.pid;': [
      `pid ${folder}/nginx.pid;`,
      // Its workers could not enter the test's folder otherwise.
      process.getuid?.() === 0 ? 'user root;' : '',
      'daemon off;',
      'error_log stderr;',
    ].join('\n'),
    'include /etc/nginx/mime.types;': ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((part) => `${part}_temp_path ${folder}/${part};`)
      .join('\n'),
    'access_log /var/log/nginx/access.log;': 'access_log off;',
    'server 127.0.0.1:8080;': `server ${upstream};`,
    'listen 443 ssl http2;': `listen 127.0.0.1:${port} ssl http2;`,
    '/etc/ssl/launchtail.pem': certificate,
    '/etc/ssl/launchtail.key': key,
    'proxy_read_timeout 60s;': `proxy_read_timeout ${timeout};`,
  }),
  marked: { 'gzip off;': 'gzip off;\nadd_header X-Config 2;' },
  run: (file, { folder }) => ['-p', folder, '-e', 'stderr', '-c', file],
  reload: (file, { folder }) => ['-p', folder, '-e', 'stderr', '-c', file, '-s', 'reload'],
}

const caddy: Kind = {
  example: 'Caddyfile',
  adapted: ({ port, admin, upstream, certificate, key, timeout }) => ({
    'launchtail.example.org {': [
      `{\nadmin 127.0.0.1:${admin}\nauto_https disable_redirects\nservers {\nprotocols h1 h2\n}\n}`,
      `https://launchtail.example.org:${port} {\nbind 127.0.0.1\ntls ${certificate} ${key}`,
    ].join('\n'),
    'reverse_proxy 127.0.0.1:8080 {': `reverse_proxy ${upstream} {`,
    'read_timeout 60s': `read_timeout ${timeout}`,
  }),
  marked: { '\treverse_proxy ': '\theader X-Config 2\n\treverse_proxy ' },
  run: (file) => ['run', '--config', file, '--adapter', 'caddyfile'],
  reload: (file, { admin }) =>
    ['reload', '--config', file, '--adapter', 'caddyfile'].concat([
      '--address',
      `127.0.0.1:${admin}`,
    ]),
}

const envoy: Kind = {
  example: 'envoy.yaml',
  adapted: ({ port, upstream, certificate, key, timeout }) => ({
    '{ address: 0.0.0.0, port_value: 443 }': `{ address: 127.0.0.1, port_value: ${port} }`,
    '/etc/ssl/launchtail.pem': certificate,
    '/etc/ssl/launchtail.key': key,
    'stream_idle_timeout: 60s': `stream_idle_timeout: ${timeout}`,
    '{ address: 127.0.0.1, port_value: 8080 }': `{ address: 127.0.0.1, port_value: ${upstream.split(':')[1]} }`,
  }),
  marked: {
    'virtual_hosts:':
      'response_headers_to_add: [{ header: { key: x-config, value: "2" } }]\n                  virtual_hosts:',
  },
  run: (file, { admin }) => hotRestart(file, admin, 0),
  reload: (file, { admin }) => hotRestart(file, admin, 1),
  takesOver: true,
  leaves: ({ admin }) => [`/dev/shm/envoy_shared_memory_${admin}0`],
}

export const KINDS = { nginx, caddy, envoy }

/** The old process gives up its readers after some seconds, as in production after minutes. */
function hotRestart(file: string, id: number, epoch: number): string[] {
  return ['-c', file, '--base-id', String(id), '--restart-epoch', String(epoch)]
    .concat([
      '--drain-strategy',
      'immediate',
      '--drain-time-s',
      '1',
      '--parent-shutdown-time-s',
      '3',
    ])
    .concat(['--concurrency', '2', '--log-level', 'warning'])
}
