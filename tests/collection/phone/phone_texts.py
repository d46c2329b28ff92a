"""What phones of several makers and versions of Android print."""

_BATTERY = """\
Current Battery Service state:
  AC powered: {ac}
  USB powered: {usb}
  Wireless powered: false
  Max charging current: 500000
  Charge counter: 2938000
  status: {status}
  health: 2
  present: true
  level: {level}
  scale: 100
  voltage: 4312
  temperature: {tenths}
  technology: Li-ion
"""

_THERMAL_SAMSUNG = """\
IsStatusOverride: false
ThermalEventListeners:
\tcallbacks: 1
\tkilled: false
\tbroadcasts count: -1
ThermalStatusListeners:
\tcallbacks: 4
\tkilled: false
\tbroadcasts count: -1
Thermal Status: {status}
Cached temperatures:
\tTemperature{{mValue=0.0, mType=2, mName=SUBBAT, mStatus=0}}
\tTemperature{{mValue=25.6, mType=0, mName=AP, mStatus=0}}
HAL Ready: true
HAL connection:
\tThermalHAL 2.0 connected: yes
Current temperatures from HAL:
\tTemperature{{mValue=25.6, mType=0, mName=AP, mStatus=0}}
"""

_THERMAL_PIXEL = """\
IsStatusOverride: false
ThermalEventListeners:
\tcallbacks: 1
\tkilled: false
ThermalStatusListeners:
\tcallbacks: 6
\tkilled: false
Thermal Status: {status}
Cached temperatures:
  Temperature{{mValue=31.7, mType=3, mName=VIRTUAL-SKIN, mStatus=0}}
HAL Ready: true
HAL connection:
\tThermal HAL AIDL 1  connected: yes
Current temperatures from HAL:
\tTemperature{{mValue=31.7, mType=3, mName=VIRTUAL-SKIN, mStatus=0}}
Temperature static thresholds from HAL:
\tTemperatureThreshold{{mType=3, mName=VIRTUAL-SKIN, mHotThrottlingThresholds=[NaN, 39.0, 43.0]}}
"""

_CAMERA = """\
== Service global info: ==

Number of camera devices: {count}
Number of normal camera devices: {normal}
Number of public camera devices visible to API1: 2
    Device 0 maps to "0"
    Device 1 maps to "1"
Active Camera Clients:
[{clients}]
Allowed user IDs: 0, 10

== Camera service events log (most recent at top): ==
  05-12 09:12:03 : DISCONNECT device 0 client for package org.example.cam (PID 8123)

== Camera Provider HAL legacy/0 (v2.5, remote) static info: {count} devices: ==
== Camera HAL device device@3.5/legacy/0 (v3.5) static information: ==
  Resource cost: 99
  Conflicting devices:
    6
  API1 info:
    Has a flash unit: true
    Facing: Back
    Orientation: 90
"""

CLIENT = """
(Camera ID: {id}, Cost: 33, PID: 12{id}44, Score: 0, State: 2User Id: 0, \
Client Package Name: {package}, Conflicting Client Devices: {{}}), """


def camera(count=4, normal=2, clients=""):
    return _CAMERA.format(count=count, normal=normal, clients=clients)


def texts(name):
    """What a phone prints, by the file name under which the fake adb looks for it."""
    return dict(_PHONES[name])


_SWITCHES = {
    "setting.zen_mode": "2\n",
    "setting.airplane_mode_on": "1\n",
    "setting.low_power": "0\n",
    "setting.accelerometer_rotation": "0\n",
}

_PHONES = {
    "Pixel 7, Android 14": {
        "prop.ro.product.manufacturer": "Google\n",
        "prop.ro.product.model": "Pixel 7\n",
        "prop.ro.build.version.release": "14\n",
        "battery": _BATTERY.format(ac="false", usb="true", status=2, level=82, tenths=287),
        "thermalservice": _THERMAL_PIXEL.format(status=0),
        "media.camera": camera(),
        "features": "feature:android.hardware.camera\nfeature:android.hardware.camera.concurrent\n"
        "feature:android.hardware.camera.front\n",
        **_SWITCHES,
    },
    "OnePlus 8, Android 11": {
        "prop.ro.product.manufacturer": "OnePlus\n",
        "prop.ro.product.model": "IN2013\n",
        "prop.ro.build.version.release": "11\n",
        "battery": _BATTERY.format(ac="false", usb="false", status=3, level=33, tenths=395),
        "thermalservice": _THERMAL_PIXEL.format(status=2),
        "media.camera": camera(
            count=7, normal=4, clients=CLIENT.format(id=0, package="org.example.cam")
        ),
        "features": "feature:android.hardware.camera\nfeature:android.hardware.camera.front\n",
        "setting.zen_mode": "0\n",
        "setting.airplane_mode_on": "0\n",
        "setting.low_power": "1\n",
        "setting.accelerometer_rotation": "1\n",
    },
    "Galaxy A52, Android 12": {
        "prop.ro.product.manufacturer": "samsung\n",
        "prop.ro.product.model": "SM-A526B\n",
        "prop.ro.build.version.release": "12\n",
        "battery": _BATTERY.format(ac="true", usb="false", status=5, level=100, tenths=238)
        + "  mSavedBatteryAsoc: 97\n  LED Charging: true\n",
        "thermalservice": _THERMAL_SAMSUNG.format(status=0),
        "media.camera": camera(
            count=5,
            normal=5,
            clients=CLIENT.format(id=0, package="org.example.cam")
            + CLIENT.format(id=1, package="com.example.calls"),
        ),
        "features": "feature:android.hardware.camera\n",
        **_SWITCHES,
    },
    "an old one, Android 5": {
        "prop.ro.product.manufacturer": "LGE\n",
        "prop.ro.product.model": "Nexus 5\n",
        "prop.ro.build.version.release": "5.1.1\n",
        "battery": _BATTERY.format(ac="false", usb="true", status=2, level=61, tenths=301),
        "media.camera": "Camera module HAL API version: 0x200\nNumber of camera devices: 2\n",
        "features": "feature:android.hardware.camera\n",
        "df": "Filesystem               Size     Used     Free   Blksize\n"
        "/sdcard                 26.8G    24.3G     2.5G   4096\n",
    },
}
PHONES = tuple(_PHONES)
