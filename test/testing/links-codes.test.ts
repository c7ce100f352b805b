// What a person would click or type of a message.
import { describe, expect, it } from 'vitest'
import { codesOf } from '../../src/testing/codes.ts'
import { textOfHtml } from '../../src/testing/html-text.ts'
import { linksOf } from '../../src/testing/links.ts'

describe('linksOf', () => {
  it.each([
    [
      'the end of a sentence',
      'See https://a.example/x?y=1&z=2. Or (https://b.example/(c)) - http://c.example!',
      ['https://a.example/x?y=1&z=2', 'https://b.example/(c)', 'http://c.example'],
    ],
    [
      'angle brackets and quotes',
      '<https://a.example/> "https://b.example/q"',
      ['https://a.example/', 'https://b.example/q'],
    ],
    ['links into apps', 'Open myapp://reset/42', ['myapp://reset/42']],
    ['the same one twice', 'https://a.example https://a.example', ['https://a.example']],
    ['no link', 'write to a@b.example, or c:/d', []],
  ])('finds in text: %s', (_what, text, links) => {
    expect(linksOf(text, '')).toEqual(links)
  })

  it.each([
    [
      'entities',
      '<a class="x" href="https://a.example/?a=1&amp;b=2&#38;c=&quot;&#x41;">x</a>',
      ['https://a.example/?a=1&b=2&c="A'],
    ],
    [
      'any quotes and none',
      "<A HREF='https://a.example/'>x</A><a href=https://b.example/c>y</a>",
      ['https://a.example/', 'https://b.example/c'],
    ],
    [
      'a bracket inside an attribute',
      '<a title="a > b" href="https://a.example">x</a>',
      ['https://a.example'],
    ],
    [
      'mailto, nothing that is no place',
      '<a href="mailto:x@y.example"></a><a href="#top"></a><a href="javascript:x()"></a>',
      ['mailto:x@y.example'],
    ],
    [
      'what is seen as text, not what is hidden',
      '<!-- <a href="https://no.example"> --><style>a{b:url(https://no.example)}</style>Copy https://a.example<br>',
      ['https://a.example'],
    ],
    [
      'another attribute with that name in it',
      '<a data-href="https://no.example" href="https://a.example">',
      ['https://a.example'],
    ],
  ])('finds in HTML: %s', (_what, html, links) => {
    expect(linksOf('', html)).toEqual(links)
  })

  it('has those of the text before those of the HTML', () => {
    expect(linksOf('https://b.example', '<a href="https://a.example">https://b.example</a>')).toEqual([
      'https://b.example',
      'https://a.example',
    ])
  })

  it('is done soon with what was made to keep it busy', () => {
    const hostile = [
      '<a '.repeat(50_000),
      '<a "'.repeat(50_000),
      `<a${' href="'.repeat(50_000)}`,
      '<style '.repeat(50_000),
      '<!--'.repeat(50_000),
      '<'.repeat(200_000),
      '&nbsp;'.repeat(100_000),
      `y://${'(('.repeat(50_000)}`,
      `y://${'))'.repeat(50_000)}`,
      'a-'.repeat(100_000),
    ]
    for (const each of hostile)
      expect(linksOf(`https://a.example ${each}`, each)).toContain('https://a.example')
  }, 10_000)
})

describe('codesOf', () => {
  it.each([
    ['Your verification code is 482913.', ['482913']],
    ['G-482913 is your Google verification code.', ['482913']],
    ['123 456 is your one-time passcode', ['123456']],
    ['Use PIN: 0042', ['0042']],
    ['OTP 7 1 9 2 4 4', ['719244']],
    ['Enter this code:\n\n  XK4D-9QPL\n\nIt is valid for 10 minutes.', ['XK4D-9QPL']],
    ['Your login code: a1b2c3', ['a1b2c3']],
    ['Ihr Bestätigungscode lautet 55621. Er gilt 1440 Minuten.', ['55621']],
    ['Ihre TAN: 991823', ['991823']],
    ['Votre code de vérification : 30 ou 8841', ['8841']],
    ['Tu código es 77120', ['77120']],
    ['Seu código: 551209', ['551209']],
    ['Il tuo codice di verifica è 661234', ['661234']],
    ['Din engångskod är 445566', ['445566']],
    ['Twój kod: 445511', ['445511']],
    ['Doğrulama kodunuz 902144', ['902144']],
    ['Ваш код подтверждения: 4417', ['4417']],
    ['Пароль для входа 19283', ['19283']],
    ['您的验证码是123456，5分钟内有效', ['123456']],
    ['認証コード：847261', ['847261']],
    ['인증번호 [663201] 를 입력하세요', ['663201']],
    ['رمز التحقق: 552817', ['552817']],
  ])('finds in %j', (text, codes) => {
    expect(codesOf('', text)).toEqual(codes)
  })

  it.each([
    ['no word near it', 'Order 482913 has been sent.'],
    ['another code', 'Zip code 90210, promo code SAVE2026'],
    ['a price, an order, a telephone number', 'Your code will follow. Order #482913, $1200, +1 555 0123'],
    ['a date and a time', 'Code requested on 2026-11-26 at 12:34:56, © 2026'],
    ['a link', 'code: https://a.example/482913'],
    ['how long it holds', 'Your code is valid for 3600 seconds.'],
    ['too short or too long', 'code 123 or 1234567890'],
    ['a part of a word', 'the encoder 482913'],
  ])('finds none: %s', (_what, text) => {
    expect(codesOf('', text)).toEqual([])
  })

  it('has the likeliest first, the subject included', () => {
    expect(codesOf('551234 is your code', 'Hello')).toEqual(['551234'])
    expect(codesOf('', 'Card ending 4242. Your account 998877 was used. Your code: 551234')[0]).toBe('551234')
  })

  it('is done soon with what was made to keep it busy', () => {
    for (const each of ['1 '.repeat(100_000), 'code 1234 xx '.repeat(50_000), 'A1-'.repeat(60_000)])
      expect(codesOf('', each).length).toBeLessThanOrEqual(20)
  }, 10_000)
})

describe('textOfHtml', () => {
  it('has a line for each block and no markup', () => {
    expect(
      textOfHtml('<html><head><title>T</title></head><body><p>Your&nbsp;code</p><p><b>12</b>34</p>a<br>b'),
    ).toBe('Your code\n1234\na\nb')
  })
})
