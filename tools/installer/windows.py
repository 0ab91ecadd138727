"""Windows: the script of an Inno Setup 6 installer, and the start script of a portable copy."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from .naming import APPLICATION, COMMAND, PUBLISHER, ROOT, InstallerError, Product

APP_ID = "{{6D1C9F0B-3F0E-4B53-9C0E-8B5B6C0A7A41}"
"""By which later versions know that they replace this one; never to be changed."""
OPENS = (".png", ".jpg", ".jpeg", ".webp", ".safetensors")
COMPILERS = ("ISCC", "iscc")

PORTABLE_START = f"""@echo off
rem Keeps everything in the folder "data" beside this file.
set "LDM_STUDIO_HOME=%~dp0data"
start "" "%~dp0{APPLICATION}.exe" %*
"""


def inno_script(product: Product, tree: Path, output: Path, icon: Path) -> str:
    """For the compiler ISCC: installs for one user without asking for rights, or for all."""
    architecture = {"amd64": "x64compatible", "arm64": "arm64"}[product.architecture]
    program_id, licence = "LDMStudio.File", ROOT / "LICENSE"
    types = "\n".join(
        f'Root: HKA; Subkey: "Software\\Classes\\{suffix}\\OpenWithProgids"; ValueType: string; '
        f'ValueName: "{program_id}"; ValueData: ""; Flags: uninsdeletevalue'
        for suffix in OPENS
    )
    return f"""; Written by build_installer.py for Inno Setup 6.3 or newer.
[Setup]
AppId={APP_ID}
AppName={APPLICATION}
AppVersion={product.version}
AppPublisher={PUBLISHER}
DefaultDirName={{autopf}}\\{APPLICATION}
DefaultGroupName={APPLICATION}
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed={architecture}
ArchitecturesInstallIn64BitMode={architecture}
MinVersion=10.0
LicenseFile={licence}
SetupIconFile={icon}
UninstallDisplayIcon={{app}}\\{APPLICATION}.exe
UninstallDisplayName={APPLICATION}
OutputDir={output}
OutputBaseFilename={product.name}-setup
Compression=lzma2/max
SolidCompression=yes
WizardStyle=modern
ChangesAssociations=yes
ChangesEnvironment=yes
CloseApplications=yes
TimeStampsInUTC=yes

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"

[Tasks]
Name: "desktopicon"; Description: "{{cm:CreateDesktopIcon}}"; Flags: unchecked
Name: "path"; Description: "Make the command {COMMAND} known to terminals"; Flags: unchecked

[Files]
Source: "{tree}\\*"; DestDir: "{{app}}"; Flags: ignoreversion recursesubdirs createallsubdirs

[Icons]
Name: "{{group}}\\{APPLICATION}"; Filename: "{{app}}\\{APPLICATION}.exe"
Name: "{{autodesktop}}\\{APPLICATION}"; Filename: "{{app}}\\{APPLICATION}.exe"; Tasks: desktopicon

[Registry]
Root: HKA; Subkey: "Software\\Classes\\{program_id}"; ValueType: string; ValueData: \
"{APPLICATION}"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\\Classes\\{program_id}\\shell\\open\\command"; ValueType: string; \
ValueData: \"""{{app}}\\{APPLICATION}.exe"" ""%1\"""
{types}
Root: HKA; Subkey: "{{code:EnvironmentKey}}"; ValueType: expandsz; ValueName: "Path"; ValueData: \
"{{olddata}};{{app}}"; Tasks: path; Check: NotOnPath

[Run]
Filename: "{{app}}\\{APPLICATION}.exe"; Description: "{{cm:LaunchProgram,{APPLICATION}}}"; \
Flags: nowait postinstall skipifsilent

[Code]
function EnvironmentKey(Param: String): String;
begin
  if IsAdminInstallMode then
    Result := 'SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment'
  else
    Result := 'Environment';
end;

function PathValue(): String;
begin
  if not RegQueryStringValue(HKA, EnvironmentKey(''), 'Path', Result) then
    Result := '';
end;

function NotOnPath(): Boolean;
begin
  Result := Pos(';' + Uppercase(ExpandConstant('{{app}}')) + ';',
    ';' + Uppercase(PathValue()) + ';') = 0;
end;

procedure CurUninstallStepChanged(Step: TUninstallStep);
var
  Whole: String;
begin
  if Step <> usPostUninstall then
    exit;
  Whole := ';' + PathValue() + ';';
  if StringChangeEx(Whole, ';' + ExpandConstant('{{app}}') + ';', ';', True) > 0 then
    RegWriteExpandStringValue(HKA, EnvironmentKey(''), 'Path',
      Copy(Whole, 2, Length(Whole) - 2));
end;
"""


def compile_script(script: Path) -> bool:
    """Make the installer; False when no compiler is here. Raises InstallerError."""
    compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
    if compiler is None:
        return False
    done = subprocess.run([compiler, "/Qp", str(script)], capture_output=True, text=True)
    if done.returncode:
        raise InstallerError(f"Inno Setup failed: {done.stdout.strip()}\n{done.stderr.strip()}")
    return True
