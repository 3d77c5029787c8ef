; The setup for one user, or with /AllUsers for all users. builder/nsis.py defines the names, the
; version and the lists of files, and runs makensis with -WX, so that a warning fails the build.
;
;   /S            silent       /AllUsers     for all users; requires administrator rights
;   /D=FOLDER     target folder; the last option, without quotes
; Exit codes: 0 done, 1 canceled, 2 failed, 3 XDR Login is still running, 740 no rights.

Target amd64-unicode
SetCompressor /SOLID lzma
SetCompressorDictSize 64
SetDateSave off
ManifestDPIAware true
ManifestSupportedOS all
; Never prompt for administrator rights: /AllUsers is started with them.
RequestExecutionLevel user

Name "${NAME}"
OutFile "${OUTFILE}"
InstallDir ""
BrandingText "${NAME} ${VERSION}"
ShowInstDetails nevershow
ShowUninstDetails nevershow

!include LogicLib.nsh
!include FileFunc.nsh
!include MUI2.nsh
!include Win\COM.nsh
!include Win\Propkey.nsh

!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\${PACKAGE}"
!define PATHS_KEY "Software\Microsoft\Windows\CurrentVersion\App Paths\${COMMAND}"
!define RUN_KEY "Software\Microsoft\Windows\CurrentVersion\Run"
; The source of the audit log. EventCreate.exe, a part of Windows, has the text "%1" for the IDs 1 to
; 1000, so that Event Viewer shows the message as it is.
!define SOURCE_KEY "SYSTEM\CurrentControlSet\Services\EventLog\Application\${NAME}"
!define IN_USE 3
!define NO_RIGHTS 740
!define /ifndef STGM_READWRITE 2

VIProductVersion "${VERSION}.0"
VIFileVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "${NAME}"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "FileDescription" "${NAME} Setup"
VIAddVersionKey "CompanyName" "${VENDOR}"
VIAddVersionKey "LegalCopyright" "${VENDOR}. ${LICENSE}."

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_FINISHPAGE_RUN "$INSTDIR\${WINDOW}"
!define MUI_FINISHPAGE_RUN_TEXT "$(TEXT_OPEN)"
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
; Every language and its texts. The display language of Windows decides; the first one is English.
!include "${LANGUAGES}"

Var ForAll
Var Upgrading

!macro Scope un program
; Sets the folders and the part of the registry for one user or for all.
Function ${un}Scope
  SetRegView 64
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/AllUsers" $1
  ${If} ${Errors}
    StrCpy $ForAll 0
    SetShellVarContext current
    Return
  ${EndIf}
  StrCpy $ForAll 1
  SetShellVarContext all
  UserInfo::GetAccountType
  Pop $1
  ${If} $1 != "Admin"
    ; Windows Settings starts an uninstaller without administrator rights.
    ${IfNot} ${Silent}
      ExecShell "runas" "${program}" "/AllUsers"
    ${EndIf}
    SetErrorLevel ${NO_RIGHTS}
    Quit
  ${EndIf}
FunctionEnd

; Quits XDR Login and waits until its files are not in use, up to TRIES half seconds.
Function ${un}QuitProgram
  ${Unless} ${FileExists} "$INSTDIR\${COMMAND}"
    Return
  ${EndUnless}
  again:
  nsExec::Exec /TIMEOUT=10000 '"$INSTDIR\${COMMAND}" quit'
  Pop $0
  ${For} $1 1 ${TRIES}
    Call ${un}IsInUse
    Pop $0
    ${If} $0 == 0
      Return
    ${EndIf}
    Sleep 500
  ${Next}
  MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION \
    "$(TEXT_RUNNING)" \
    /SD IDCANCEL IDRETRY again
  SetErrorLevel ${IN_USE}
  Quit
FunctionEnd

Function ${un}IsInUse
  ${For} $2 1 2
    StrCpy $3 "$INSTDIR\${COMMAND}"
    ${If} $2 == 2
      StrCpy $3 "$INSTDIR\${WINDOW}"
    ${EndIf}
    ${If} ${FileExists} $3
      ClearErrors
      FileOpen $4 $3 a
      ${If} ${Errors}
        Push 1
        Return
      ${EndIf}
      FileClose $4
    ${EndIf}
  ${Next}
  Push 0
FunctionEnd
!macroend
!insertmacro Scope "" "$EXEPATH"
!insertmacro Scope "un." "$INSTDIR\uninstall.exe"

Function .onInit
  Call Scope
  ${If} $INSTDIR == ""
    ReadRegStr $INSTDIR SHCTX "${UNINSTALL_KEY}" "InstallLocation"
  ${EndIf}
  ${If} $INSTDIR == ""
    StrCpy $INSTDIR "$LOCALAPPDATA\Programs\${NAME}"
    ${If} $ForAll == 1
      StrCpy $INSTDIR "$PROGRAMFILES64\${NAME}"
    ${EndIf}
  ${EndIf}
FunctionEnd

Section
  Call QuitProgram
  ; The installed version removes its own files, which may differ from the new ones.
  ReadRegStr $0 SHCTX "${UNINSTALL_KEY}" "InstallLocation"
  ${If} $0 != ""
  ${AndIf} ${FileExists} "$0\uninstall.exe"
    StrCpy $1 "/S /Upgrade"
    ${If} $ForAll == 1
      StrCpy $1 "$1 /AllUsers"
    ${EndIf}
    ; With "_?=" the uninstaller does not run a copy of itself, so it can be waited for.
    ExecWait '"$0\uninstall.exe" $1 _?=$0'
    Delete "$0\uninstall.exe"
  ${EndIf}

  !include "${INSTALL_LIST}"
  SetOutPath "$INSTDIR"
  WriteUninstaller "$INSTDIR\uninstall.exe"

  CreateShortcut "$SMPROGRAMS\${NAME}.lnk" "$INSTDIR\${WINDOW}" "" "$INSTDIR\${WINDOW}" 0
  Push "$SMPROGRAMS\${NAME}.lnk"
  Call SetShortcutId

  WriteRegStr SHCTX "${PATHS_KEY}" "" "$INSTDIR\${COMMAND}"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "DisplayName" "${NAME}"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "DisplayIcon" "$INSTDIR\${WINDOW},0"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "Publisher" "${VENDOR}"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "URLInfoAbout" "${HOMEPAGE}"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "InstallLocation" "$INSTDIR"
  StrCpy $0 ""
  ${If} $ForAll == 1
    StrCpy $0 " /AllUsers"
    WriteRegExpandStr HKLM "${SOURCE_KEY}" "EventMessageFile" \
      "%SystemRoot%\System32\EventCreate.exe"
    WriteRegDWORD HKLM "${SOURCE_KEY}" "TypesSupported" 7
  ${EndIf}
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"$0'
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe"$0 /S'
  WriteRegDWORD SHCTX "${UNINSTALL_KEY}" "EstimatedSize" ${KILOBYTES}
  WriteRegDWORD SHCTX "${UNINSTALL_KEY}" "NoModify" 1
  WriteRegDWORD SHCTX "${UNINSTALL_KEY}" "NoRepair" 1
SectionEnd

; Notifications and the taskbar use name and icon of the shortcut with the app's id
; (AppUserModelID), which desktop/ui/app/app.py sets. On the stack: the shortcut.
Function SetShortcutId
  Pop $R0
  !insertmacro ComHlpr_CreateInProcInstance ${CLSID_ShellLink} ${IID_IPersistFile} r1 ""
  ${If} $1 P<> 0
    ${IPersistFile::Load} $1 '(R0, ${STGM_READWRITE})'
    ${IUnknown::QueryInterface} $1 '("${IID_IPropertyStore}", .r2)'
    ${If} $2 P<> 0
      System::Call '*(&w${NSIS_MAX_STRLEN} "${ID}")p.r3'
      System::Call '*${SYSSTRUCT_PROPERTYKEY}(${PKEY_AppUserModel_ID})p.r4'
      System::Call '*${SYSSTRUCT_PROPVARIANT}(${VT_LPWSTR},, r3)p.r5'
      ${IPropertyStore::SetValue} $2 '(r4, r5).r6'
      ${IPropertyStore::Commit} $2 ""
      ${If} $6 == 0
        ${IPersistFile::Save} $1 '(R0, 1)'
      ${EndIf}
      System::Free $5
      System::Free $4
      System::Free $3
      ${IUnknown::Release} $2 ""
    ${EndIf}
    ${IUnknown::Release} $1 ""
  ${EndIf}
FunctionEnd

; Uninstall options: /Upgrade keeps what the next version uses; /RemoveUserData removes user data.

Function un.onInit
  Call un.Scope
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/Upgrade" $1
  StrCpy $Upgrading 1
  ${If} ${Errors}
    StrCpy $Upgrading 0
  ${EndIf}
FunctionEnd

Section "Uninstall"
  ${If} $Upgrading == 0
    Call un.QuitProgram
    Call un.RemoveUserData
    DeleteRegValue HKCU "${RUN_KEY}" "${NAME}"
  ${EndIf}
  !include "${UNINSTALL_LIST}"
  Delete "$SMPROGRAMS\${NAME}.lnk"
  DeleteRegKey SHCTX "${PATHS_KEY}"
  DeleteRegKey SHCTX "${UNINSTALL_KEY}"
  ${If} $ForAll == 1
    DeleteRegKey HKLM "${SOURCE_KEY}"
  ${EndIf}
  Delete "$INSTDIR\uninstall.exe"
  SetOutPath "$TEMP"
  RMDir "$INSTDIR"  ; only if it is empty
SectionEnd

Function un.RemoveUserData
  ; With administrator rights, user folders are left alone: a link in there could lead anywhere.
  ${If} $ForAll == 1
    Return
  ${EndIf}
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/RemoveUserData" $1
  ${If} ${Errors}
    MessageBox MB_YESNO|MB_DEFBUTTON2|MB_ICONQUESTION \
      "$(TEXT_DELETE)" /SD IDNO IDYES remove
    Return
  ${EndIf}
  remove:
  RMDir /r "$LOCALAPPDATA\${PACKAGE}"
FunctionEnd
