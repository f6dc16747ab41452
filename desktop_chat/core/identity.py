"""The names by which the system knows this program. They are fixed once and never change."""

from typing import Final

APP_NAME: Final = "Desktop Chat"
APP_ID: Final = "org.desktopchat.DesktopChat"
COMMAND: Final = "desktop-chat"
URL_SCHEME: Final = "desktop-chat"
KEYRING_SERVICE: Final = "Desktop Chat"
HOME_VARIABLE: Final = "DESKTOP_CHAT_HOME"
KEY_VARIABLE: Final = "DESKTOP_CHAT_API_KEY"
KEY_ID_VARIABLE: Final = "DESKTOP_CHAT_KEY_ID"
KEY_SECRET_VARIABLE: Final = "DESKTOP_CHAT_KEY_SECRET"
DEMO_SERVICE_ID: Final = "demo"
