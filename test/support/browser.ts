import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser'];

/** Path of a real Chromium, or undefined where the machine has none. */
export function chromiumPath(): string | undefined {
  return CHROMIUM.find((path) => existsSync(path));
}

export interface PhoneOptions {
  locale?: 'zh-CN' | 'en-US';
  width?: number;
  height?: number;
  dark?: boolean;
}

/**
 * A real browser that trusts exactly the TLS key of the box under test, as a phone with the box's certificate does
 * (level L2): everything else about the certificate check stays on.
 */
export class PhoneBrowser {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** `spki`: SHA-256 of the box's TLS key, base64url as in the pairing link. */
  static async launch(spki: string): Promise<PhoneBrowser> {
    const pin = Buffer.from(spki, 'base64url').toString('base64');
    const browser = await chromium.launch({
      executablePath: chromiumPath()!,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--disable-dev-shm-usage',
        `--ignore-certificate-errors-spki-list=${pin}`,
      ],
    });
    return new PhoneBrowser(browser);
  }

  /** A phone of its own: separate storage. What went wrong on its pages gathers in `faults`, where it went in `hosts`. */
  async phone(options: PhoneOptions = {}): Promise<Phone> {
    const { locale = 'zh-CN', width = 390, height = 844, dark = false } = options;
    const context = await this.#browser.newContext({
      locale,
      viewport: { width, height },
      hasTouch: true,
      isMobile: width < 900,
      colorScheme: dark ? 'dark' : 'light',
      deviceScaleFactor: 2,
    });
    context.setDefaultTimeout(20_000);
    const page = await context.newPage();
    return new Phone(context, page);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

export class Phone {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Console errors, uncaught errors and violations of the page policy. */
  readonly faults: string[] = [];
  /** Every host that was asked for anything. */
  readonly hosts = new Set<string>();

  constructor(context: BrowserContext, page: Page) {
    this.context = context;
    this.page = page;
    page.on('console', (message) => {
      if (message.type() === 'error' || /Content.Security.Policy|Trusted/i.test(message.text()))
        this.faults.push(message.text());
    });
    page.on('pageerror', (error) => this.faults.push(String(error)));
    page.on('request', (request) => this.#saw(request.url()));
    page.on('websocket', (socket) => this.#saw(socket.url()));
  }

  /** Pixels by which the page is wider than the screen; 0 when nothing scrolls sideways. */
  overflow(): Promise<number> {
    return this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  }

  /** Buttons, links and fields that are smaller than a fingertip in either direction, by their text. */
  smallTargets(): Promise<string[]> {
    return this.page.evaluate(() =>
      [
        ...document.querySelectorAll(
          'button, a.button, a.item, nav a, input:not([type=radio]), textarea, .choices label',
        ),
      ]
        .map((element) => ({ element, box: element.getBoundingClientRect() }))
        .filter(({ box }) => box.width > 0 && box.height > 0 && (box.height < 43.5 || box.width < 43.5))
        .map(({ element, box }) => `${element.textContent?.trim() || element.tagName} ${box.width}x${box.height}`),
    );
  }

  #saw(url: string): void {
    const { protocol, host } = new URL(url);
    if (protocol !== 'blob:' && protocol !== 'data:') this.hosts.add(host);
  }
}
