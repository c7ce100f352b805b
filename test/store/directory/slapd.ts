// A real slapd on a loopback port, in a folder of its own, with a certificate of an authority made for it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'ldapts'
import { runOrFail } from '../../e2e/program.ts'
import { freePort, missing, newFolder, untilDone } from './peers.ts'

const program = '/usr/sbin/slapd'

export const slapdIsMissing = missing(program)

export const people = 'ou=people,dc=example,dc=net'
export const root = { bindDn: 'cn=root,dc=example,dc=net', bindPassword: 'root secret' } as const
/** May search, may not read passwords. */
export const office = { bindDn: 'cn=office,dc=example,dc=net', bindPassword: 'office secret' } as const

export interface Person {
  readonly uid: string
  readonly mail?: string
  readonly userPassword: string
  readonly employeeNumber?: string
  readonly employeeType?: string
}

export interface LdapServer {
  readonly url: string
  readonly port: number
  /** The authority's certificate, a file. */
  readonly ca: string
  /** Takes the place of the person of that uid. */
  readonly put: (person: Person) => Promise<void>
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
  readonly remove: () => Promise<void>
}

export async function startSlapd(more = ''): Promise<LdapServer> {
  const folder = newFolder()
  const port = await freePort()
  const url = `ldap://127.0.0.1:${port}`
  await makeCertificates(folder.path)
  writeConfiguration(folder.path, more)
  let child: ReturnType<typeof spawn> | undefined

  const start = async () => {
    child = spawn(program, ['-d', '0', '-f', join(folder.path, 'slapd.conf'), '-h', url], { stdio: 'ignore' })
    await untilDone(() => asRoot(url, async () => {}))
  }
  const stop = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  await start()
  await asRoot(url, client => makeTree(client))
  return {
    url,
    port,
    ca: join(folder.path, 'ca.pem'),
    async put({ uid, ...attributes }) {
      const dn = `uid=${uid.replaceAll(/[,+"\\<>;=#]/g, character => `\\${character}`)},${people}`
      await asRoot(url, async client => {
        await client.del(dn).catch(() => {}) // most are new
        const person = { objectClass: 'inetOrgPerson', uid, cn: uid, sn: uid, ...attributes }
        await client.add(dn, Object.fromEntries(Object.entries(person).filter(([, value]) => value !== '')))
      })
    },
    start,
    stop,
    async remove() {
      await stop()
      folder.remove()
    },
  }
}

async function asRoot(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ url, timeout: 10_000, connectTimeout: 10_000 })
  try {
    await client.bind(root.bindDn, root.bindPassword)
    await work(client)
  } finally {
    await client.unbind()
  }
}

async function makeTree(client: Client): Promise<void> {
  await client.add('dc=example,dc=net', { objectClass: ['dcObject', 'organization'], dc: 'example', o: 'x' })
  await client.add(people, { objectClass: 'organizationalUnit', ou: 'people' })
  await client.add('ou=public,dc=example,dc=net', { objectClass: 'organizationalUnit', ou: 'public' })
  await client.add('uid=open,ou=public,dc=example,dc=net', {
    objectClass: 'inetOrgPerson',
    uid: 'open',
    cn: 'open',
    sn: 'open',
  })
  await client.add(office.bindDn, {
    objectClass: ['organizationalRole', 'simpleSecurityObject'],
    cn: 'office',
    userPassword: office.bindPassword,
  })
}

function writeConfiguration(folder: string, more: string): void {
  mkdirSync(join(folder, 'data'))
  writeFileSync(
    join(folder, 'slapd.conf'),
    `${['core', 'cosine', 'inetorgperson'].map(name => `include /etc/ldap/schema/${name}.schema`).join('\n')}
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile ${folder}/pid
TLSCACertificateFile ${folder}/ca.pem
TLSCertificateFile ${folder}/server.pem
TLSCertificateKeyFile ${folder}/server.key
${more}
database mdb
suffix dc=example,dc=net
directory ${folder}/data
rootdn ${root.bindDn}
rootpw "${root.bindPassword}"
dbnosync
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree=ou=public,dc=example,dc=net by * read
access to * by users read by * none
`,
  )
}

/** An authority, and a certificate of it for 127.0.0.1. */
async function makeCertificates(folder: string): Promise<void> {
  const openssl = (...args: string[]) => runOrFail('openssl', args, { cwd: folder })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  await openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '30',
    '-subj',
    '/CN=test authority',
  )
  await openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=ldap')
  writeFileSync(join(folder, 'server.ext'), 'subjectAltName=IP:127.0.0.1\n')
  const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'server.ext']
  await openssl('x509', '-req', '-in', 'server.csr', ...by, '-out', 'server.pem', '-days', '30')
}
